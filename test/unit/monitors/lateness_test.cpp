#include "monitors/lateness.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace vipd::monitors;

TEST_CASE("a quantile is never too low and at most a fifth too high") {
    for (const auto lateness :
         {0us, 1us, 3us, 4us, 7us, 8us, 100us, 999us, 10000us, 1234567us, 60000000us}) {
        CAPTURE(lateness.count());
        LatenessCounts counts;
        counts.add(lateness);
        const auto quantile = LatenessCounts::quantile(counts.values(), 0.5);
        CHECK(quantile >= lateness);
        CHECK(static_cast<double>(quantile.count()) <= 1.2 * static_cast<double>(lateness.count()));
    }
}

TEST_CASE("what is earlier than due or beyond the scale is still counted") {
    LatenessCounts counts;
    counts.add(-5ms);
    CHECK(LatenessCounts::quantile(counts.values(), 1.0) == 0us);
    counts.add(24h);
    CHECK(LatenessCounts::quantile(counts.values(), 1.0) > 60s);
}

TEST_CASE("quantiles follow the counts") {
    LatenessCounts counts;
    for (int i = 0; i < 99; ++i)
        counts.add(1us);
    counts.add(10ms);
    CHECK(LatenessCounts::quantile(counts.values(), 0.5) == 1us);
    CHECK(LatenessCounts::quantile(counts.values(), 0.99) == 1us);
    CHECK(LatenessCounts::quantile(counts.values(), 1.0) >= 10ms);
    CHECK(LatenessCounts::quantile(LatenessCounts().values(), 0.99) == 0us);
}

TEST_CASE("only time in which the loop was away counts as lost") {
    constexpr vipd::TimePoint start{1h};
    LostTime lost;
    lost.slept(start, 1s, start + 1s);
    lost.worked(start + 1003ms);
    lost.slept(start + 1003ms, 1s, start + 1100ms);  // woken by an event
    lost.worked(start + 1100ms);
    lost.slept(start + 1100ms, 10ms, start + 1114ms);
    CHECK(lost.total(start + 1116ms) == 0s);
}

TEST_CASE("sleeping too long and working too long are lost time, the present turn included") {
    constexpr vipd::TimePoint start{1h};
    LostTime lost;
    lost.slept(start, 10ms, start + 2010ms);
    CHECK(lost.total(start + 2010ms) == 2s);
    CHECK(lost.total(start + 2060ms) == 2050ms);
    lost.worked(start + 2060ms);
    lost.slept(start + 2060ms, 1s, start + 2070ms);
    CHECK(lost.total(start + 2070ms) == 2050ms);
}
