#include "monitors/script_probe.hpp"

#include "test/unit/monitors/engine_support.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

const Endpoint target{*Address::parse("192.0.2.1"), 443};

/// bash and its arguments are only the test's way to have a program that does something.
ProbePlan shell(const std::string& script, bool weight_from_exit = false) {
    ScriptCheck check;
    check.arguments = {"/bin/bash", "-c", script, "check", "{address}", "{port}"};
    check.weight_from_exit = weight_from_exit;
    auto plan = quick_plan(target, check);
    plan.interval = plan.timeout = 1s;
    return plan;
}

struct TemporaryFile {
    std::string path = "/tmp/vipd-script-test-" + std::to_string(::getpid());
    ~TemporaryFile() { std::filesystem::remove(path); }
};

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A zombie that its new parent has not yet looked at is gone, too; so is a process that goes
/// between open and read: that is ESRCH, which content() would throw and getline() keeps.
bool is_gone(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string status;
    std::getline(file, status);
    return status.empty() || status.find(") Z ") != std::string::npos;
}

}  // namespace

TEST_CASE("a script is judged by its exit code", "[edge]") {
    CHECK(one_verdict(shell("exit 0")) == "up ok: exit 0");
    CHECK(one_verdict(shell("echo out of cheese; echo more; exit 3")) ==
          "down script-exit: exit 3: \"out of cheese\"");
    CHECK(one_verdict(shell("kill -9 $$")) == "down script-killed: signal 9");
}

TEST_CASE("an exit code may say a weight") {
    ScriptCheck check;
    CHECK_FALSE(judge_exit(check, 2).success);
    check.weight_from_exit = true;
    CHECK(judge_exit(check, 0) == Finding{true, {"ok", "exit 0"}, std::nullopt});
    CHECK(judge_exit(check, 1) == Finding{false, {"script-exit", "exit 1"}, std::nullopt});
    CHECK(judge_exit(check, 2) == Finding{true, {"ok", "exit 2, weight 0"}, 0});
    CHECK(judge_exit(check, 255) == Finding{true, {"ok", "exit 255, weight 253"}, 253});
}

TEST_CASE("a script is told its target", "[edge]") {
    CHECK(one_verdict(shell("echo $1 $2 $VIPD_ADDRESS $VIPD_PORT")) ==
          "up ok: exit 0: \"192.0.2.1 443 192.0.2.1 443\"");
    CHECK(script_arguments({.arguments = {"/x", "--to={address}:{port}", "{address}{address}"}},
                           target) ==
          std::vector<std::string>{"/x", "--to=192.0.2.1:443", "192.0.2.1192.0.2.1"});
}

TEST_CASE("a program that does not exist says so", "[edge]") {
    auto plan = shell("");
    plan.check = ScriptCheck{.arguments = {"/nonexistent/check"}};
    CHECK(one_verdict(plan) ==
          "down script-exit: exit 127: \"cannot execute: No such file or directory\"");
}

TEST_CASE("a script has no capabilities, cannot gain any, and none of our descriptors", "[edge]") {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int ours = ::fcntl(null, F_DUPFD, 100);  // without FD_CLOEXEC
    CHECK(one_verdict(shell(
              "grep -hE '^Cap(Eff|Prm|Inh|Amb)' /proc/self/status | grep -v 0000000000000000; "
              "grep NoNewPrivs /proc/self/status | tr '\\t' ' '")) ==
          "up ok: exit 0: \"NoNewPrivs: 1\"");
    const auto number = std::to_string(ours);
    CHECK(one_verdict(shell("[ -e /proc/self/fd/1 ] && ! [ -e /proc/self/fd/" + number + " ]")) ==
          "up ok: exit 0");
    ::close(null);
    ::close(ours);
}

TEST_CASE("at the deadline a script is killed with everything it started", "[edge]") {
    const TemporaryFile file;
    auto plan = shell("sleep 60 & echo $! > " + file.path + "; echo waiting; wait");
    plan.timeout = 100ms;
    CHECK(one_verdict(plan) == "down timeout: no end within 100ms: \"waiting\"");
    const auto child = std::stoi(content(file.path));
    CHECK(eventually([child] { return is_gone(child); }));
}

TEST_CASE("what a script leaves running is killed when it ends", "[edge]") {
    const TemporaryFile file;
    CHECK(one_verdict(shell("sleep 60 >/dev/null 2>&1 & echo $! > " + file.path)) ==
          "up ok: exit 0");
    const auto child = std::stoi(content(file.path));
    CHECK(eventually([child] { return is_gone(child); }));
}

TEST_CASE("endless output is bounded and does no harm", "[edge]") {
    auto plan =
        shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
    plan.timeout = 100ms;
    CHECK(one_verdict(plan).starts_with("down timeout: no end within 100ms: \"xxxxxxxx"));
}

TEST_CASE("a script under way is killed when its probe is removed, and nothing is left of it",
          "[edge]") {
    const TemporaryFile file;
    {
        Verdicts verdicts;
        Engine engine({}, verdicts.sink());
        engine.update({shell("echo $$ > " + file.path + "; sleep 60")}, {});
        REQUIRE(eventually([&file] { return content(file.path).ends_with('\n'); }));
        engine.update({}, {1});
        const auto script = "/proc/" + content(file.path).substr(0, content(file.path).find('\n'));
        CHECK(eventually([&script] { return !std::filesystem::exists(script); }));
    }
}
