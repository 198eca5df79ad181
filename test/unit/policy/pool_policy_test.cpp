#include "src/policy/pool_policy.hpp"

#include "test/unit/policy/pools.hpp"
#include "test/unit/policy/start.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;
using monitors::Health;
using Names = std::vector<std::string>;

TEST_CASE("an exact threshold leaves exactly its share") {
    const auto left_of = [](std::size_t servers, std::string_view share) {
        auto members = pool_of(servers);
        auto now = start;
        for (auto& member : members)
            take_down(member, now += 1s);
        return carrying(decide_pool(members, threshold(share)));
    };
    CHECK(left_of(3, "0.5") == 2);
    CHECK(left_of(8, "0.8") == 7);
    CHECK(left_of(10, "0.5") == 5);
    CHECK(left_of(25, "0.28") == 7);
    CHECK(left_of(100, "0.55") == 55);
}

TEST_CASE("those that went down last are held, then by name") {
    auto members = pool_of(6);
    take_down(members[0], start);
    take_down(members[1], start + 5s);
    take_down(members[2], start + 5s);
    take_down(members[3], start);
    take_down(members[4], start);
    take_down(members[5], start);
    members[5].went_down.reset();  // its fall was never seen
    CHECK(names(members, decide_pool(members, threshold("0.16")), Placement::held) == Names{"s2"});
    CHECK(names(members, decide_pool(members, threshold("0.5")), Placement::held) ==
          Names{"s1", "s2", "s3"});
    CHECK(names(members, decide_pool(members, threshold("0.8")), Placement::held) ==
          Names{"s1", "s2", "s3", "s4", "s5"});
}

TEST_CASE("who is held does not depend on the order of the list") {
    auto members = pool_of(5);
    for (auto& member : members)
        take_down(member, start);
    const auto held = names(members, decide_pool(members, threshold("0.5")), Placement::held);
    std::ranges::reverse(members);
    auto reversed = names(members, decide_pool(members, threshold("0.5")), Placement::held);
    std::ranges::reverse(reversed);
    CHECK(held == Names{"s1", "s2", "s3"});
    CHECK(reversed == held);
}

TEST_CASE("a held server carries its full weight and says why") {
    auto members = pool_of(6);
    for (std::size_t i = 0; i < 4; ++i)
        take_down(members[i], start + i * 1s);
    members[3].weight = 25;
    const auto held = decide_pool(members, threshold("0.5")).members[3];
    CHECK(held.placement == Placement::held);
    CHECK(held.kernel_weight == 25);
    CHECK(held.reason.code == "held-by-threshold");
    CHECK(held.reason.text ==
          "down (because of connect-refused); kept because 2 of 6 up and depool_threshold is 0.5");
}

TEST_CASE("each recovery releases one held server, the one that went down first") {
    auto members = pool_of(4);
    for (std::size_t i = 0; i < 4; ++i)
        take_down(members[i], start + i * 1s);
    CHECK(names(members, decide_pool(members, threshold("0.5")), Placement::held) ==
          Names{"s3", "s4"});
    members[0].health = Health::up;
    CHECK(names(members, decide_pool(members, threshold("0.5")), Placement::held) == Names{"s4"});
    members[1].health = Health::up;
    CHECK(decide_pool(members, threshold("0.5")).held == 0);
}

TEST_CASE("disabled servers count in N but not in U") {
    auto members = pool_of(4);
    members[0].admin = Admin::disabled;
    members[1].admin = Admin::disabled;
    take_down(members[2], start);
    const auto decision = decide_pool(members, threshold("0.5"));
    CHECK(decision.configured == 4);
    CHECK(decision.enabled == 2);
    CHECK(decision.floor == 2);
    CHECK(decision.up == 1);
    CHECK(names(members, decision, Placement::held) == Names{"s3"});
}

TEST_CASE("a server of weight 0 does not count for the floor, up or down") {
    auto members = pool_of(4);
    members[0].weight = 0;
    members[1].weight = 0;
    take_down(members[1], start + 9s);
    take_down(members[2], start);
    take_down(members[3], start);
    const auto decision = decide_pool(members, threshold("0.5"));
    CHECK(decision.enabled == 2);
    CHECK(decision.up == 0);
    CHECK(names(members, decision, Placement::held) == Names{"s3", "s4"});
    CHECK(carrying(decision) == 2);
}

TEST_CASE("nothing is held in the stead of an adopted server that carries traffic") {
    auto members = pool_of(4);
    for (auto& member : members) {
        member.health = Health::unknown;
        member.adopted_weight = 3;
    }
    take_down(members[0], start);
    auto decision = decide_pool(members, threshold("0.5"));
    CHECK(decision.held == 0);
    CHECK(decision.up == 0);
    CHECK(decision.members[1].kernel_weight == 3);
    members[1].adopted_weight = 0;
    members[2].adopted_weight = 0;
    decision = decide_pool(members, threshold("0.5"));
    CHECK(names(members, decision, Placement::held) == Names{"s1"});
    CHECK(names(members, decision, Placement::pooled) == Names{"s4"});
}

TEST_CASE("an empty pool decides nothing") {
    const auto decision = decide_pool({}, threshold("0.5"));
    CHECK(decision == PoolDecision{});
}

TEST_CASE("a server without a text for its reason still gets one") {
    auto members = pool_of(3);
    for (auto& member : members)
        member.health_text = {};
    members[1].admin = Admin::draining;
    members[2].health = Health::down;
    for (const auto& decided : decide_pool(members, threshold("0")).members)
        CHECK_FALSE(decided.reason.text.empty());
}

// The outages of the past (pybal.md §10.4), as far as pool policy would have prevented them.

TEST_CASE("a changed server list does not empty a pool that lives on held servers") {
    // 2015-06-13: all down, half of them held; one server was disabled, the list was read again,
    // and all were removed.
    auto members = pool_of(10);
    auto now = start;
    for (auto& member : members)
        take_down(member, now += 1s);
    members[9].admin = Admin::disabled;
    CHECK(carrying(decide_pool(members, threshold("0.5"))) == 5);
    members.push_back(up_server("s11"));
    members.back().health = Health::unknown;
    CHECK(carrying(decide_pool(members, threshold("0.5"))) == 6);
    members.erase(members.begin(), members.begin() + 3);
    CHECK(carrying(decide_pool(members, threshold("0.5"))) == 4);
}

TEST_CASE("a held server that is disabled is replaced by another at once") {
    auto members = pool_of(4);
    for (std::size_t i = 0; i < 4; ++i)
        take_down(members[i], start + i * 1s);
    members[3].admin = Admin::disabled;
    const auto decision = decide_pool(members, threshold("0.5"));
    CHECK(names(members, decision, Placement::held) == Names{"s2", "s3"});
    CHECK(decision.members[3].placement == Placement::depooled);
}

TEST_CASE("a smaller pool keeps no down server that its floor does not need") {
    // PyBal kept it until the next recovery (pybal.md §2.1).
    auto members = pool_of(4);
    for (std::size_t i = 0; i < 3; ++i)
        take_down(members[i], start + i * 1s);
    CHECK(decide_pool(members, threshold("0.5")).held == 1);
    members.erase(members.begin(), members.begin() + 2);
    CHECK(decide_pool(members, threshold("0.5")).held == 0);
}
