#pragma once
// When a probe runs next. Pure; `fraction` is a random number in [0, 1) that the caller draws.

#include "src/base/time.hpp"

#include <chrono>
#include <cstddef>

namespace vipd::monitors {

/// The share of an interval by which a run may come early, never late: a promise of "down within
/// interval × fall + timeout" holds with jitter, and servers checked by many balancers do not see
/// them march in step.
constexpr double jitter_share = 0.05;

/// The time over which the first runs of new probes are spread: the interval, but shorter when
/// there is little to spread (10 ms for each probe that the worker has), so that a few servers are
/// judged at once.
Duration spread_window(Duration interval, std::size_t probes);

/// First run of a new probe.
TimePoint first_due(Duration window, double fraction, TimePoint now);

/// The run after the one that was due at `previous`. On a grid, so that a probe's own length does
/// not stretch the period; a run that is already late starts now, and the ones missed meanwhile are
/// not made up for.
TimePoint next_due(TimePoint previous, Duration interval, double fraction, TimePoint now);

}  // namespace vipd::monitors
