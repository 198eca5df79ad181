#include "src/policy/server_health.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using monitors::Health;

TEST_CASE("a down server says which monitor found what") {
    const std::vector<MonitorVerdict> verdicts{
        {"tcp", false, Health::up, {"connected", "connected"}},
        {"http", false, Health::down, {"http-status", "503, accepted 200"}}};
    CHECK(judge(verdicts) ==
          ServerHealth{Health::down, {"http-status", "http: 503, accepted 200"}});
}

TEST_CASE("a server that answers on its own address alone is told so") {
    const MonitorVerdict direct{"http", false, Health::up, {"ok", "status 200"}};
    const MonitorVerdict through{
        "tcp", false, Health::down, {"timeout", "no connection within 2s"}, true};
    const auto both = judge(std::vector{direct, through});
    CHECK(both.health == Health::down);
    CHECK(both.reason.code == "not-through-vip");
    CHECK(both.reason.text.find("VIP missing on the server") != std::string::npos);
    CHECK(judge(std::vector{through}).reason ==
          Reason{"timeout", "tcp through the VIP: no connection within 2s"});
}

TEST_CASE("a server that waits says for which monitor") {
    const std::vector<MonitorVerdict> verdicts{
        {"tcp", false, Health::up, {"connected", "connected"}},
        {"http", false, Health::unknown, {}}};
    CHECK(judge(verdicts) == ServerHealth{Health::unknown, {"not-judged", "http: no verdict yet"}});
}

TEST_CASE("advice alone does not make a server down") {
    const std::vector<MonitorVerdict> verdicts{
        {"http", true, Health::down, {"http-status", "503, accepted 200"}}};
    const auto health = judge(verdicts);
    CHECK(health.health == Health::up);
    CHECK(health.reason.code == "unmonitored");
}
