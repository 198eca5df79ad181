#pragma once
// How many servers of a pool may be taken out for being down (docs/policy.md §2.5). Pure. A check
// that goes wrong on all servers shall not empty a pool at once.

#include "src/base/time.hpp"
#include "src/config/config.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace vipd {

struct LeaveAllowance {
    /// So many may leave now.
    std::size_t servers = 0;
    /// When it grows although nothing happens.
    std::optional<TimePoint> deadline;

    bool operator==(const LeaveAllowance&) const = default;
};

/// For a pool of so many configured servers, of which some left at `left`.
LeaveAllowance leave_allowance(std::size_t configured, std::span<const TimePoint> left,
                               const MaxLeavingConfig& config, TimePoint now);

}  // namespace vipd
