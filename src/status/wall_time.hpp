#pragma once
// Steady time points as people read them: ISO 8601 in UTC, and how long ago.

#include "src/base/time.hpp"

#include <chrono>
#include <string>

namespace vipd {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-11-21T05:00:00.123Z"
std::string iso_time(WallTime time);

/// Two clocks read at one instant; what happened in between is placed by its distance to it.
struct ClockPair {
    TimePoint steady;
    WallTime wall;

    WallTime wall_time(TimePoint time) const {
        return wall + std::chrono::duration_cast<WallTime::duration>(time - steady);
    }
    /// From `time` to the instant of the pair; negative for what is still to come.
    Duration age(TimePoint time) const {
        return std::chrono::duration_cast<Duration>(steady - time);
    }
};

}  // namespace vipd
