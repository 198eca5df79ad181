#include "monitors/schedule.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using vipd::Duration;
using vipd::TimePoint;
using namespace vipd::monitors;

namespace {

constexpr TimePoint start{1h};
constexpr double almost_one = 0.999999;

}  // namespace

TEST_CASE("first runs of many probes are spread over the whole interval") {
    CHECK(spread_window(1s, 10000) == 1s);
    CHECK(first_due(1s, 0.0, start) == start);
    CHECK(first_due(1s, 0.5, start) == start + 500ms);
    CHECK(first_due(1s, almost_one, start) < start + 1s);
}

TEST_CASE("a few probes do not wait for a long interval to pass") {
    CHECK(spread_window(60s, 1) == 10ms);
    CHECK(spread_window(60s, 6) == 60ms);
    CHECK(spread_window(5s, 499) == 4990ms);
    CHECK(spread_window(5s, 500) == 5s);
}

TEST_CASE("jitter only shortens the interval, by a twentieth at most") {
    CHECK(next_due(start, 1s, 0.0, start) == start + 1s);
    for (const double fraction : {0.1, 0.5, almost_one}) {
        CAPTURE(fraction);
        const auto due = next_due(start, 1s, fraction, start);
        CHECK(due < start + 1s);
        CHECK(due >= start + 950ms);
    }
}

TEST_CASE("the length of a probe does not stretch the period") {
    CHECK(next_due(start, 1s, 0.0, start + 700ms) == start + 1s);
}

TEST_CASE("runs missed meanwhile are not made up for") {
    const auto woken = start + 10s;
    const auto due = next_due(start, 1s, 0.0, woken);
    CHECK(due == woken);
    CHECK(next_due(due, 1s, 0.0, woken) == woken + 1s);
}
