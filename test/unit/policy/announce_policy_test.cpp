#include "src/policy/announce_policy.hpp"

#include "test/unit/policy/start.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;
using Leaving = AnnounceInput::Leaving;

namespace {

/// One address with one service through time, as the controller keeps it.
struct Address1 {
    bool fit = true;
    bool judged = true;
    bool present = true;
    bool start_deadline_passed = false;
    Leaving leaving = Leaving::no;
    AnnounceMemory memory;
    unsigned degraded = 0;
    AnnounceRules rules{{}, Duration(10s)};

    AnnounceDecision decide(TimePoint now) {
        const std::vector<ServiceFitness> services{
            {"web ipv4", fit, {"too-few-up", "0 up, 1 needed to stay fit"}, judged, degraded}};
        AnnounceInput input;
        input.services = services;
        input.present = present;
        input.start_deadline_passed = start_deadline_passed;
        input.leaving = leaving;
        input.leaving_reason = {"maintenance", "kernel upgrade"};
        auto decision = decide_announcement(input, rules, memory, now);
        memory = decision.memory;
        return decision;
    }

    Announcement at(TimePoint now) { return decide(now).announcement(); }
};

}  // namespace

TEST_CASE("a failure withdraws at once and coming back waits for hold_down") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.fit = false;
    const auto withdrawn = address.decide(start + 1s);
    CHECK(withdrawn.announcement() == Announcement::withdrawn);
    CHECK(withdrawn.reason.text ==
          "0 of 1 services fit, 1 needed (web ipv4: 0 up, 1 needed to stay fit)");
    CHECK_FALSE(withdrawn.deadline);

    address.fit = true;
    const auto held = address.decide(start + 20s);
    CHECK(held.announcement() == Announcement::withdrawn);
    CHECK(held.reason.text == "able to serve again, but not yet for 10s");
    CHECK(held.deadline == start + 30s);
    CHECK(address.at(start + 29999ms) == Announcement::withdrawn);
    CHECK(address.at(start + 30s) == Announcement::announced);
}

TEST_CASE("hold_down starts again when fitness breaks off") {
    Address1 address;
    address.memory.failed = true;
    CHECK(address.decide(start).deadline == start + 10s);
    address.fit = false;
    address.decide(start + 9s);
    address.fit = true;
    CHECK(address.decide(start + 9500ms).deadline == start + 19500ms);
    CHECK(address.at(start + 10s) == Announcement::withdrawn);
}

TEST_CASE("an address that comes and goes waits for hold_down too") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.present = false;
    CHECK(address.at(start + 60s) == Announcement::withdrawn);
    address.present = true;
    CHECK(address.decide(start + 61s).deadline == start + 71s);
    CHECK(address.at(start + 71s) == Announcement::announced);
}

TEST_CASE("a first start announces as soon as every verdict is in") {
    Address1 address;
    address.judged = false;
    CHECK(address.decide(start).reason.code == "waiting-for-verdicts");
    address.judged = true;
    CHECK(address.at(start + 100ms) == Announcement::announced);
}

TEST_CASE("a first start announces with some verdicts missing after the start deadline") {
    Address1 address;
    address.judged = false;
    CHECK(address.at(start) == Announcement::withdrawn);
    address.start_deadline_passed = true;
    CHECK(address.at(start + 17s) == Announcement::announced);
}

TEST_CASE("an address announced by the previous run waits for nothing but fitness") {
    Address1 address;
    address.memory.last_announced = true;
    address.judged = false;
    address.fit = false;
    CHECK(address.at(start) == Announcement::withdrawn);
    CHECK_FALSE(address.memory.failed);
    address.fit = true;
    CHECK(address.at(start + 100ms) == Announcement::announced);
}

TEST_CASE("an announced address that fails in this run waits, whatever the last run did") {
    Address1 address;
    address.memory.last_announced = true;
    CHECK(address.at(start) == Announcement::announced);
    address.fit = false;
    address.decide(start + 1s);
    address.fit = true;
    CHECK(address.decide(start + 2s).reason.code == "hold-down");
}

TEST_CASE("planned leaving drains, withdraws, and comes back without hold_down") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.leaving = Leaving::draining;
    const auto draining = address.decide(start + 1s);
    CHECK(draining.announcement() == Announcement::draining);
    CHECK(draining.reason == Reason{"maintenance", "kernel upgrade"});
    address.leaving = Leaving::withdrawn;
    CHECK(address.at(start + 6s) == Announcement::withdrawn);
    address.leaving = Leaving::no;
    CHECK(address.at(start + 600s) == Announcement::announced);
}

TEST_CASE("a drain that is called off goes back to announced, even with verdicts missing") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.leaving = Leaving::draining;
    CHECK(address.at(start + 1s) == Announcement::draining);
    address.leaving = Leaving::no;
    address.judged = false;
    CHECK(address.at(start + 2s) == Announcement::announced);
}

TEST_CASE("what is told after the end of a drain keeps min_interval from it") {
    Address1 address;
    address.rules.min_interval = 5s;
    CHECK(address.at(start) == Announcement::announced);
    address.leaving = Leaving::draining;
    CHECK(address.at(start + 1s) == Announcement::draining);
    address.leaving = Leaving::no;
    address.degraded = 1;
    const auto resumed = address.decide(start + 2s);
    CHECK(resumed.announcement() == Announcement::announced);
    CHECK(resumed.memory.degraded == 0);
    CHECK(resumed.deadline == start + 7s);
    CHECK(address.decide(start + 7s).memory.degraded == 1);
}

TEST_CASE("a failure while draining withdraws at once and counts as a failure") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.leaving = Leaving::draining;
    address.decide(start + 1s);
    address.fit = false;
    CHECK(address.decide(start + 2s).reason.code == "unfit");
    CHECK(address.memory.failed);
}

TEST_CASE("what fails during maintenance waits for hold_down after it") {
    Address1 address;
    CHECK(address.at(start) == Announcement::announced);
    address.leaving = Leaving::withdrawn;
    address.decide(start + 1s);
    address.fit = false;
    address.decide(start + 50s);
    address.fit = true;
    CHECK(address.decide(start + 60s).reason.code == "maintenance");
    address.leaving = Leaving::no;
    CHECK(address.decide(start + 61s).deadline == start + 70s);
}

TEST_CASE("time spent fit in maintenance counts for hold_down") {
    Address1 address;
    address.leaving = Leaving::withdrawn;
    address.fit = false;
    address.decide(start);
    address.fit = true;
    address.decide(start + 1s);
    address.leaving = Leaving::no;
    CHECK(address.at(start + 11s) == Announcement::announced);
}

TEST_CASE("an address that was never announced is not drained but stays withdrawn") {
    Address1 address;
    address.leaving = Leaving::draining;
    CHECK(address.at(start) == Announcement::withdrawn);
}

TEST_CASE("families together are announced together, and fail together") {
    const AnnounceRules rules{{AnnounceWhen::Rule::any, 1}, Duration(10s)};
    std::vector<ServiceFitness> ipv4{{"web ipv4", true, {"enough-up", "2 up"}, true},
                                     {"dns ipv4", true, {"enough-up", "2 up"}, true}};
    std::vector<ServiceFitness> ipv6{{"web ipv6", false, {"too-few-up", "0 up"}, true},
                                     {"dns ipv6", false, {"too-few-up", "0 up"}, true}};
    const auto decide = [&](auto& own, auto& other, const AnnounceMemory& memory, TimePoint now) {
        const std::vector<Readiness> others{readiness(other, true, rules)};
        AnnounceInput input;
        input.services = own;
        input.present = true;
        input.other_addresses = others;
        return decide_announcement(input, rules, memory, now);
    };
    // Two fit services of one family do not stand for the other.
    const auto waiting = decide(ipv4, ipv6, {}, start);
    CHECK(waiting.announcement() == Announcement::withdrawn);
    CHECK(waiting.reason.code == "other-family");
    CHECK_FALSE(waiting.memory.failed);

    ipv6[1].fit = true;
    const auto first = decide(ipv4, ipv6, waiting.memory, start + 1s);
    const auto second = decide(ipv6, ipv4, {}, start + 1s);
    CHECK(first.announcement() == Announcement::announced);
    CHECK(second.announcement() == Announcement::announced);

    ipv6[1].fit = false;
    CHECK(decide(ipv4, ipv6, first.memory, start + 2s).announcement() == Announcement::withdrawn);
    CHECK(decide(ipv4, ipv6, first.memory, start + 2s).memory.failed);
}

TEST_CASE("families together wait for the verdicts of both") {
    const AnnounceRules rules;
    const std::vector<ServiceFitness> services{{"web ipv4", true, {"enough-up", "2 up"}, true}};
    const std::vector<Readiness> others{{true, false, {"fit", "1 of 1 services fit, 1 needed"}}};
    AnnounceInput input;
    input.services = services;
    input.present = true;
    input.other_addresses = others;
    CHECK(decide_announcement(input, rules, {}, start).reason.code == "waiting-for-verdicts");
}
