#include "monitors/subscribers.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace vipd::monitors;

namespace {

ProbeResult success() {
    return {.success = true, .reason = {"ok", "connected"}};
}
ProbeResult failure() {
    return {.success = false, .reason = {"timeout", "no connection within 1s"}};
}

ProbePlan plan() {
    ProbePlan plan;
    plan.interval = 5s;
    plan.fast_interval = 1s;
    plan.down_interval = 30s;
    return plan;
}

}  // namespace

TEST_CASE("each subscriber judges a result by its own rise and fall") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 1, .fall = 1}, Health::up);
    subscribers.add(2, {.rise = 1, .fall = 2}, Health::up);
    auto verdicts = subscribers.record(failure());
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].id == 1);
    CHECK(verdicts[0].health == Health::down);
    CHECK(verdicts[0].because_of == failure());
    verdicts = subscribers.record(failure());
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].id == 2);
}

TEST_CASE("new thresholds keep the verdict and start the row anew") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 1, .fall = 2}, Health::up);
    CHECK(subscribers.record(failure()).empty());
    subscribers.change(1, {.rise = 2, .fall = 2});
    CHECK(subscribers.health(1) == Health::up);
    CHECK(subscribers.record(failure()).empty());
    CHECK(subscribers.record(failure()).size() == 1);
}

TEST_CASE("the same thresholds again change nothing") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 1, .fall = 2}, Health::up);
    CHECK(subscribers.record(failure()).empty());
    subscribers.change(1, {.rise = 1, .fall = 2});
    CHECK(subscribers.record(failure()).size() == 1);
}

TEST_CASE("another weight of a server that is up is news") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 1, .fall = 2}, Health::unknown);
    auto result = success();
    result.weight = 10;
    CHECK(subscribers.record(result).size() == 1);
    CHECK(subscribers.record(result).empty());
    result.weight = 3;
    const auto verdicts = subscribers.record(result);
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].health == Health::up);
    CHECK(verdicts[0].because_of.weight == 3U);
    CHECK(subscribers.record(failure()).empty());
    CHECK(subscribers.record(result).empty());
}

TEST_CASE("runs come faster in transition and slower while down") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 2, .fall = 2}, Health::up);
    CHECK(subscribers.interval(plan()) == 5s);
    subscribers.record(failure());
    CHECK(subscribers.interval(plan()) == 1s);
    subscribers.record(failure());
    CHECK(subscribers.interval(plan()) == 30s);
    subscribers.record(success());
    CHECK(subscribers.interval(plan()) == 1s);
    subscribers.record(success());
    CHECK(subscribers.interval(plan()) == 5s);
}

TEST_CASE("without other intervals there is only one") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 2, .fall = 1}, Health::up);
    ProbePlan only;
    only.interval = 5s;
    subscribers.record(failure());
    CHECK(subscribers.interval(only) == 5s);
    subscribers.record(success());
    CHECK(subscribers.interval(only) == 5s);
}

TEST_CASE("the most eager subscriber sets the pace") {
    Subscribers subscribers;
    subscribers.add(1, {.rise = 1, .fall = 1}, Health::down);
    CHECK(subscribers.interval(plan()) == 30s);
    subscribers.add(2, {.rise = 1, .fall = 3}, Health::up);
    CHECK(subscribers.interval(plan()) == 5s);
    subscribers.record(failure());
    CHECK(subscribers.interval(plan()) == 1s);
    CHECK(subscribers.remove(2));
    CHECK_FALSE(subscribers.remove(2));
    CHECK(subscribers.interval(plan()) == 30s);
}
