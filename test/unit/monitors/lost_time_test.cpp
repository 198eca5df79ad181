#include "monitors/lost_time.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace vipd::monitors;

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
