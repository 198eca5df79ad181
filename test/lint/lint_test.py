#!/usr/bin/env python3
"""The lints find what they are for: each is given a small tree with a planted fault, and the same tree without it."""

import pathlib
import subprocess
import tempfile
import unittest

import coroutine_traps
import format as format_lint
import include_arrows
import layout
import sources


class Tree:
    """A repository with the given files in a temporary folder."""

    def __init__(self, files):
        self._folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self._folder.name)
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def __enter__(self):
        return self.root

    def __exit__(self, *_):
        self._folder.cleanup()


def problems_of(lint, files):
    with Tree(files) as root:
        return lint.check(root)


class IncludeArrows(unittest.TestCase):
    good = {
        "src/base/time.hpp": "#pragma once\n#include <chrono>\n",
        "bgp/fsm.hpp": '#pragma once\n#include "src/base/time.hpp"\n',
        "bgp/fsm.cpp": '#include "bgp/fsm.hpp"\n',
        "bgp/peer.cpp": '#include "bgp/fsm.hpp"\n#include <boost/asio/awaitable.hpp>\n',
        "bgp/CMakeLists.txt": "add_library(vipd_bgp_core STATIC fsm.cpp)\nadd_library(vipd_bgp STATIC peer.cpp)\n",
        "ipvs/table.hpp": "#pragma once\n",
    }

    def expect(self, changed, word):
        found = problems_of(include_arrows, {**self.good, **changed})
        self.assertEqual(len(found), 1, found)
        self.assertIn(word, found[0])

    def test_a_tree_that_keeps_the_arrows_passes(self):
        self.assertEqual(problems_of(include_arrows, self.good), [])

    def test_one_engine_may_not_include_another(self):
        self.expect({"bgp/peer.cpp": '#include "ipvs/table.hpp"\n'}, "bgp may not include ipvs")

    def test_base_includes_nothing_of_ours(self):
        self.expect({"src/base/time.hpp": '#include "bgp/fsm.hpp"\n', "bgp/fsm.hpp": "#pragma once\n"},
                    "src/base may not include bgp")

    def test_pure_code_may_not_include_asio(self):
        self.expect({"bgp/fsm.cpp": "#include <boost/asio/awaitable.hpp>\n"}, "pure code")

    def test_pure_code_may_not_reach_asio_through_a_header(self):
        self.expect({"bgp/fsm.hpp": "#include <boost/asio.hpp>\n"}, "reached from bgp/fsm.cpp")

    def test_pure_code_may_not_include_sockets(self):
        self.expect({"bgp/fsm.cpp": "#include <sys/socket.h>\n"}, "sys/socket.h")

    def test_a_header_may_not_reach_itself(self):
        self.expect({"ipvs/table.hpp": '#include "ipvs/diff.hpp"\n', "ipvs/diff.hpp": '#include "ipvs/table.hpp"\n'},
                    "includes itself")

    def test_an_unknown_folder_is_refused(self):
        self.expect({"util/everything.hpp": "#pragma once\n"}, "not in the table")

    def test_a_file_that_is_not_there_is_named(self):
        self.expect({"bgp/peer.cpp": '#include "fsm.hpp"\n'}, "not a file of ours")


class CoroutineTraps(unittest.TestCase):
    failing = [
        "co_await f(Two{s, 3});",
        "co_await f({.name = s});",
        "auto x = co_await f(Request{.name = s, .port = 3}, other);",
        "co_await f([s] { return s; });",
        "co_await f([s, &t](int x) { return s + t + x; });",
        "co_await f([s = std::move(s)]() mutable { g(s); });",
        "Two q{.name = str(co_await g())};",
        "auto x = flag ? co_await f() : std::string(\"none\");",
        "vector<int> v{co_await g()};",
        "if (co_await f(Two{s, 3})) { g(); }",
        "for (;;) { co_await f(\n    Two{s,\n 3}); }",
        "co_spawn(co_await this_coro::executor, [s]() -> awaitable<void> { co_return; }, detached);",
    ]
    fine = [
        "Two request{s, 3}; co_await f(request);",
        "auto op = f([s] { return s; }); co_await std::move(op);",
        "co_await f([&] { return s; });",
        "co_await f([](int x) { return x; });",
        "co_await f([this] { stop(); });",
        "timer.expires_after(std::chrono::seconds{1}); co_await timer.async_wait(use);",
        "co_await wait(milliseconds{5});",
        "co_await f(Two{});",
        "auto [ec, n] = co_await socket.async_read_some(buffer, use);",
        "while (co_await f(a, b)) { Two x{s, 3}; g(x); }",
        "if (auto x = co_await f(); x) { return Two{s, 3}; } else { g({.a = 1}); }",
        "// co_await f(Two{s, 3});\n co_await f(\"{?:}\");",
        "switch (co_await f()) { case A::b: g(Two{s, 3}); break; default: break; }",
        "co_await f(a[1], b[i](2));",
    ]

    @staticmethod
    def problems(body, path="bgp/peer.cpp"):
        text = "namespace x {\nawaitable<void> run(int a) {\n" + body + "\n}\n}  // namespace x\n"
        return list(coroutine_traps.check_text(path, text))

    def test_forms_that_gcc_destroys_twice_are_refused(self):
        for body in self.failing:
            with self.subTest(body):
                self.assertNotEqual(self.problems(body), [])

    def test_forms_that_work_pass(self):
        for body in self.fine:
            with self.subTest(body):
                self.assertEqual(self.problems(body + " co_await last();"), [])

    def test_the_line_is_named(self):
        self.assertIn("bgp/peer.cpp:4:", self.problems("\nco_await f(Two{s, 3});")[0])

    def test_a_capturing_coroutine_lambda_is_refused(self):
        lambda_text = "auto f = [{}]() -> awaitable<void> {{ co_await g(); }};"
        self.assertNotEqual(self.problems(lambda_text.format("s")), [])
        self.assertNotEqual(self.problems(lambda_text.format("&")), [])
        self.assertEqual(self.problems(lambda_text.format("&"), "test/unit/bgp/peer_test.cpp"), [])
        self.assertEqual(self.problems(lambda_text.format("")), [])

    def test_a_tree_is_searched(self):
        bad = {"bgp/peer.cpp": "void f() {\n    co_await g(Two{s, 3});\n}\n"}
        self.assertEqual(len(problems_of(coroutine_traps, bad)), 1)


class Format(unittest.TestCase):
    def test_a_file_out_of_shape_is_named(self):
        style = (pathlib.Path(__file__).resolve().parents[2] / ".clang-format").read_text(encoding="utf-8")
        files = {".clang-format": style, "bgp/good.cpp": "int f();\n", "bgp/bad.cpp": "int  f( ){return 1;}\n"}
        self.assertEqual(problems_of(format_lint, files), ["bgp/bad.cpp: run clang-format -i"])


class Layout(unittest.TestCase):
    def expect(self, files, word):
        found = problems_of(layout, {"src/vipd.cpp": "int main() {}\n", **files})
        self.assertEqual(len(found), 1, found)
        self.assertIn(word, found[0])

    def test_a_tidy_house_passes(self):
        self.assertEqual(problems_of(layout, {"README.md": "Read docs/work/page.md.\n", ".ci/run": "test/all\n"}), [])

    def test_a_stray_entry_at_the_top_is_refused(self):
        self.expect({"notes.txt": "x\n"}, "top of the tree")

    def test_a_path_of_one_machine_is_refused(self):
        self.expect({"test/all": "cd /work/main\n"}, "one machine")

    def test_an_open_end_needs_an_issue(self):
        self.expect({"bgp/a.cpp": "// TODO later\n// TODO(#12): known\n"}, "open end")

    def test_a_unit_test_may_not_sleep(self):
        self.expect({"test/unit/bgp/a_test.cpp": "std::this_thread::sleep_for(1s);  // why\n"}, "sleeps")
        self.expect({"test/unit/bgp/a_test.cpp": "\"[edge]\"\nsleep_for(1s);\nsleep_for(1s);  // why\n"}, "sleeps")


class Strip(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_stay(self):
        text = 'a /* {\n} */ b("x\\"{"); // {\nc(R"x({)x"); d = 1\'000; e(\'{\');'
        stripped = sources.strip(text)
        self.assertNotIn("{", stripped)
        self.assertEqual(stripped.count("\n"), text.count("\n"))
        self.assertIn("1'000", stripped)


if __name__ == "__main__":
    unittest.main()
