#include "src/policy/leave_limit.hpp"

#include <algorithm>

namespace vipd {

LeaveAllowance leave_allowance(std::size_t configured, std::span<const TimePoint> left,
                               const MaxLeavingConfig& config, TimePoint now) {
    LeaveAllowance allowance;
    std::size_t lately = 0;
    for (const auto when : left) {
        const auto forgotten = when + config.window;
        if (forgotten <= now) continue;
        ++lately;
        allowance.deadline = earlier(allowance.deadline, forgotten);
    }
    const auto limit = std::max<std::size_t>(config.count, config.share.ceil_of(configured));
    allowance.servers = limit - std::min(limit, lately);
    return allowance;
}

}  // namespace vipd
