#include "monitors/health.hpp"

#include <catch2/catch.hpp>

using vipd::monitors::Health;
using vipd::monitors::HealthState;
using vipd::monitors::Thresholds;

namespace {

constexpr Thresholds three_and_two{.rise = 3, .fall = 2};

}  // namespace

TEST_CASE("the first success brings a monitor up whatever rise says") {
    HealthState state;
    CHECK(state.record(true, three_and_two) == Health::up);
}

TEST_CASE("the first verdict down needs fall failures") {
    HealthState state;
    CHECK_FALSE(state.record(false, three_and_two));
    CHECK(state.health() == Health::unknown);
    CHECK(state.record(false, three_and_two) == Health::down);
}

TEST_CASE("a success after a failure settles the unknown") {
    HealthState state;
    CHECK_FALSE(state.record(false, three_and_two));
    CHECK(state.record(true, three_and_two) == Health::up);
    CHECK(state.streak() == 0);
}

TEST_CASE("going down needs fall failures in a row") {
    HealthState state(Health::up);
    CHECK_FALSE(state.record(false, three_and_two));
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK_FALSE(state.record(false, three_and_two));
    CHECK(state.health() == Health::up);
    CHECK(state.record(false, three_and_two) == Health::down);
}

TEST_CASE("coming up needs rise successes in a row") {
    HealthState state(Health::down);
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK_FALSE(state.record(false, three_and_two));
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK(state.record(true, three_and_two) == Health::up);
}

TEST_CASE("only a change is a verdict") {
    HealthState state(Health::up);
    CHECK_FALSE(state.record(true, three_and_two));
    CHECK(state.record(false, {.rise = 1, .fall = 1}) == Health::down);
    CHECK_FALSE(state.record(false, {.rise = 1, .fall = 1}));
}

TEST_CASE("isolated misses do not add up over time") {
    HealthState state(Health::up);
    for (int day = 0; day < 100; ++day) {
        CHECK_FALSE(state.record(false, three_and_two));
        CHECK_FALSE(state.record(true, three_and_two));
    }
    CHECK(state.health() == Health::up);
}
