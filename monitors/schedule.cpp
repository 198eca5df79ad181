#include "monitors/schedule.hpp"

#include <algorithm>

namespace vipd::monitors {

namespace {

Clock::duration share_of(Duration whole, double share) {
    const std::chrono::duration<double, Clock::period> exact(whole);
    return std::chrono::duration_cast<Clock::duration>(exact * share);
}

}  // namespace

Duration spread_window(Duration interval, std::size_t probes) {
    constexpr Duration per_probe{10};
    const auto needed = static_cast<std::size_t>(interval / per_probe);
    return probes >= needed ? interval : per_probe * static_cast<Duration::rep>(probes);
}

TimePoint first_due(Duration window, double fraction, TimePoint now) {
    return now + share_of(window, fraction);
}

TimePoint next_due(TimePoint previous, Duration interval, double fraction, TimePoint now) {
    return std::max(previous + share_of(interval, 1.0 - jitter_share * fraction), now);
}

}  // namespace vipd::monitors
