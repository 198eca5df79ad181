#include "monitors/file_probe.hpp"

#include "test/unit/monitors/engine_support.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

using Rule = FileCheck::Rule;

std::string said(const Finding& finding) {
    return (finding.success ? "+" : "-") + finding.reason.code + ": " + finding.reason.text;
}

}  // namespace

TEST_CASE("a file is there or is not") {
    CHECK(said(judge_file({.path = "/f", .rule = Rule::present}, "")) == "+ok: the file is there");
    CHECK(said(judge_file({.path = "/f", .rule = Rule::present}, std::nullopt)) ==
          "-file-absent: /f is not there");
    CHECK(said(judge_file({.path = "/f", .rule = Rule::absent}, "")) ==
          "-file-present: /f is there");
    CHECK(said(judge_file({.path = "/f", .rule = Rule::absent}, std::nullopt)) ==
          "+ok: the file is not there");
}

TEST_CASE("a file may hold a weight") {
    const FileCheck check{.path = "/f", .rule = Rule::weight};
    CHECK(judge_file(check, "17\n") == Finding{true, {"ok", "weight 17"}, 17});
    CHECK(judge_file(check, "0") == Finding{true, {"ok", "weight 0"}, 0});
    CHECK(said(judge_file(check, std::nullopt)) == "-file-absent: /f is not there");
    for (const auto* content : {"", "\n", "-1", "65536", "10 20", "ten"}) {
        CAPTURE(content);
        CHECK(judge_file(check, content).reason.code == "file-content");
    }
}

TEST_CASE("a file that appears, changes and goes is noticed", "[edge]") {
    const std::string path = "/tmp/vipd-file-test-" + std::to_string(::getpid());
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({quick_plan({}, FileCheck{.path = path, .rule = Rule::weight})}, {});
    CHECK(text(verdicts.at(0)) == "down file-absent: " + path + " is not there");
    const auto write = [&path](int weight) {
        std::ofstream(path + ".new") << weight << '\n';
        std::filesystem::rename(path + ".new", path);
    };
    write(10);
    CHECK(text(verdicts.at(1)) == "up ok: weight 10");
    write(3);
    CHECK(text(verdicts.at(2)) == "up ok: weight 3");
    CHECK(verdicts.at(2).because_of.weight == 3U);
    std::filesystem::remove(path);
    CHECK(verdicts.at(3).health == Health::down);
}

TEST_CASE("a FIFO in the file's place holds up nobody", "[edge]") {
    const std::string path = "/tmp/vipd-fifo-test-" + std::to_string(::getpid());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(one_verdict(quick_plan({}, FileCheck{.path = path})) == "up ok: the file is there");
    std::filesystem::remove(path);
}
