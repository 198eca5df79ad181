#include "monitors/timer_heap.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace std::chrono_literals;
using vipd::TimePoint;
using vipd::monitors::TimerHeap;

namespace {

constexpr TimePoint epoch{1h};

}  // namespace

TEST_CASE("timers come out in the order of their times") {
    TimerHeap timers;
    timers.set(0, epoch + 3s);
    timers.set(1, epoch + 1s);
    timers.set(2, epoch + 2s);
    CHECK(timers.earliest() == epoch + 1s);
    CHECK(timers.take_due(epoch + 5s) == 1U);
    CHECK(timers.take_due(epoch + 5s) == 2U);
    CHECK(timers.take_due(epoch + 5s) == 0U);
    CHECK_FALSE(timers.take_due(epoch + 5s));
}

TEST_CASE("a timer is not taken before it is due") {
    TimerHeap timers;
    timers.set(7, epoch + 1s);
    CHECK_FALSE(timers.take_due(epoch + 999ms));
    CHECK(timers.take_due(epoch + 1s) == 7U);
    CHECK(timers.empty());
}

TEST_CASE("clearing what is not set does nothing") {
    TimerHeap timers;
    timers.clear(3);
    timers.set(1, epoch);
    timers.clear(0);
    CHECK(timers.size() == 1);
}

TEST_CASE("the heap agrees with a sorted list through any mix of operations") {
    std::minstd_rand random(7);
    TimerHeap timers;
    std::map<TimerHeap::Slot, TimePoint> expected;
    for (int step = 0; step < 20000; ++step) {
        const auto slot = static_cast<TimerHeap::Slot>(random() % 200);
        const auto when = epoch + std::chrono::milliseconds(random() % 1000);
        const auto operation = random() % 4;
        if (operation < 2) {
            timers.set(slot, when);
            expected[slot] = when;
        } else if (operation == 2) {
            timers.clear(slot);
            expected.erase(slot);
        } else if (!expected.empty()) {
            const auto least = std::ranges::min_element(
                expected, {}, [](const auto& entry) { return entry.second; });
            REQUIRE(timers.earliest() == least->second);
            const auto taken = timers.take_due(least->second);
            REQUIRE(taken);
            REQUIRE(expected.at(*taken) == least->second);
            expected.erase(*taken);
        }
        REQUIRE(timers.size() == expected.size());
    }
}
