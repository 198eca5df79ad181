#pragma once
// The weight of a server that begins to carry traffic (docs/policy.md §2.4). Pure. It climbs in a
// few steps, because every step is a write into the kernel.

#include "src/base/time.hpp"
#include "src/config/config.hpp"

#include <cstdint>
#include <optional>

namespace vipd {

struct RampedWeight {
    /// At least 1: the server takes part from the start.
    std::int32_t weight = 1;
    /// When it changes next; nothing: it is the whole weight.
    std::optional<TimePoint> next;

    bool operator==(const RampedWeight&) const = default;
};

/// What a server of this weight (above 0) has now, that began to carry traffic at `since`.
RampedWeight ramped_weight(std::int32_t weight, TimePoint since, const SlowStartConfig& config,
                           TimePoint now);

}  // namespace vipd
