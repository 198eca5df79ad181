#include "src/policy/brake.hpp"

#include <algorithm>

namespace vipd {

bool counts_for_brake(TimePoint failed_at, const BrakeConfig& config,
                      const std::optional<TimePoint>& since, TimePoint now) {
    return failed_at > since.value_or(now) - config.window;
}

BrakeDecision decide_brake(std::span<const BrakeVip> vips, const BrakeConfig& config,
                           const BrakeDecision& previous, TimePoint now) {
    BrakeDecision decision;
    for (const auto& vip : vips) {
        const bool failed =
            vip.failed_at && counts_for_brake(*vip.failed_at, config, previous.since, now);
        decision.failed += failed ? 1U : 0U;
        decision.all += failed || vip.announced ? 1U : 0U;
    }
    const auto to_engage =
        std::max<std::size_t>(config.min_vips, config.share.ceil_of(decision.all));
    if (!previous.since) {
        if (decision.failed >= to_engage) decision.since = now;
        return decision;
    }
    // One that comes and goes at the edge shall not move all the others, and those that recover
    // together do so one by one.
    if (decision.failed < (to_engage + 1) / 2)
        decision.eased_since = previous.eased_since.value_or(now);
    const bool over = decision.eased_since && now - *decision.eased_since >= config.window;
    if (over) decision.eased_since.reset();
    if (!over) decision.since = previous.since;
    return decision;
}

bool decide_braked(const BrakedInput& input) {
    if (input.leaving || !input.carries) return false;
    return input.ready ? input.braked : input.caught;
}

}  // namespace vipd
