#pragma once
// The one notion of time in the pure code: a steady time point that is always an argument, never
// asked for.

#include <chrono>

namespace vipd {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;

}  // namespace vipd
