#pragma once
// The one notion of time in the pure code: a steady time point that is always an argument, never
// asked for.

#include <chrono>
#include <optional>

namespace vipd {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;

/// The earlier of two, where one that is absent never comes.
constexpr std::optional<TimePoint> earlier(const std::optional<TimePoint>& one,
                                           const std::optional<TimePoint>& other) {
    if (!one) return other;
    return other && *other < *one ? other : one;
}

}  // namespace vipd
