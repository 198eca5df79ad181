#!/usr/bin/env python3
"""The architecture as a check: who may include whom, and what pure code may not include.

Reads #include lines alone. A folder includes itself and what ARROWS names; files that the pure libraries are built from,
and every header they reach, include no I/O; no header reaches itself.
"""

import os
import re
import sys

import sources

ENGINES = {"bgp", "ipvs", "monitors"}
ARROWS = {
    "src/base": set(),
    "bgp": {"src/base"},
    "ipvs": {"src/base"},
    "monitors": {"src/base"},
    "src/model": {"src/base"},
    "src/config": {"src/base", "src/model"} | ENGINES,
    "src/policy": {"src/base", "src/model", "src/config"} | ENGINES,
    "src/state": {"src/base", "src/model", "src/config"} | ENGINES,
    "src/status": {"src/base", "src/model"} | ENGINES,
    "src/control": {"src/base", "src/model", "src/config", "src/policy", "src/state", "src/status"} | ENGINES,
    "src": {"src/base", "src/model", "src/config", "src/policy", "src/state", "src/status", "src/control"} | ENGINES,
}
PURE_LIBRARIES = {"vipd_base", "vipd_bgp_core", "vipd_ipvs_core", "vipd_monitors_core", "vipd_config", "vipd_policy",
                  "vipd_control", "vipd_status_core"}
INPUT_OUTPUT = re.compile(r"boost/(asio|beast)\b|sys/(socket|epoll|eventfd|timerfd|un)\.h|netlink/|systemd/|poll\.h|"
                          r"systemd/|netdb\.h|linux/(netlink|rtnetlink|genetlink)\.h")


def folder_of(path):
    part = path.split("/")
    return "/".join(part[:2]) if part[0] == "src" and len(part) > 2 else part[0]


def includes(root, path):
    """(line, name, is ours) of each include."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield number, match[2], match[1] == '"'


def pure_sources(root):
    """The .cpp files of the pure libraries, from their CMakeLists.txt."""
    for path in sources.tracked(root, "CMakeLists.txt"):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = re.sub(r"#[^\n]*", "", file.read())
        for name, body in re.findall(r"(?:add_library|target_sources)\(\s*(\w+)([^)]*)\)", text):
            if name in PURE_LIBRARIES:
                for source in re.findall(r"[\w/.]+\.cpp", body):
                    yield os.path.normpath(os.path.join(os.path.dirname(path), source))


def arrow_problems(files):
    for path, found in files.items():
        home = folder_of(path)
        if home not in ARROWS:
            yield f"{path}: folder {home} is not in the table of arrows"
            continue
        for line, name, ours in found:
            if not ours:
                continue
            target = folder_of(name)
            if name not in files:
                yield f"{path}:{line}: \"{name}\" is not a file of ours, seen from the top of the tree"
            elif target != home and target not in ARROWS[home]:
                yield f"{path}:{line}: {home} may not include {target} (\"{name}\")"


def purity_problems(root, files):
    seen = {}
    todo = [(source, source) for source in pure_sources(root) if source in files]
    while todo:
        path, origin = todo.pop()
        if path in seen:
            continue
        seen[path] = origin
        for line, name, ours in files[path]:
            if INPUT_OUTPUT.match(name):
                yield f"{path}:{line}: pure code may not include {name} (reached from {origin})"
            elif ours and name in files:
                todo.append((name, origin))


def cycle_problems(files):
    state = {}

    def visit(path, trail):
        state[path] = "open"
        for _, name, ours in files.get(path, []):
            if not ours or name == path or name not in files:
                continue
            if state.get(name) == "open":
                yield f"{path}: includes itself through {' -> '.join(trail[trail.index(name):] + [name])}"
            elif name not in state:
                yield from visit(name, trail + [name])
        state[path] = "done"

    for path in files:
        if path not in state:
            yield from visit(path, [path])


def check(root):
    files = {path: list(includes(root, path)) for path in sources.tracked(root, ".hpp", ".cpp")
             if not path.startswith("test/")}
    return [*arrow_problems(files), *purity_problems(root, files), *cycle_problems(files)]


if __name__ == "__main__":
    sys.exit(sources.main(check, "include arrows"))
