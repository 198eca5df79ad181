#pragma once
// When almost everything fails at once, the fault is likelier to be in what looks than in what is
// looked at (docs/policy.md §4.1). Pure.

#include "src/base/time.hpp"
#include "src/config/config.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace vipd {

/// One VIP, as the brake sees it. One that is leaving on purpose is neither.
struct BrakeVip {
    /// Some address of it is announced on its own merits.
    bool announced = false;
    /// When a failure withdrew an address that is not ready again yet.
    std::optional<TimePoint> failed_at;
};

struct BrakeDecision {
    /// Since when the brake is on.
    std::optional<TimePoint> since;
    /// On, but since when too few fail for it.
    std::optional<TimePoint> eased_since;
    std::size_t failed = 0;
    /// Announced or failed.
    std::size_t all = 0;

    bool operator==(const BrakeDecision&) const = default;
};

/// Whether a failure at `failed_at` belongs to those that the brake is, or could be put, on for.
bool counts_for_brake(TimePoint failed_at, const BrakeConfig& config,
                      const std::optional<TimePoint>& since, TimePoint now);

/// To be asked again when what is seen changes, and when `eased_since` is the window ago.
BrakeDecision decide_brake(std::span<const BrakeVip> vips, const BrakeConfig& config,
                           const BrakeDecision& previous, TimePoint now);

/// An address that is withdrawn for now.
struct BrakedInput {
    /// The brake is on, and the address's failure counts for it.
    bool caught = false;
    /// It could be announced, were it not for hold_down.
    bool ready = false;
    /// Present, and its services' destinations in the kernel carry traffic (held ones), as last
    /// acknowledged.
    bool carries = false;
    bool leaving = false;
    /// Braked so far.
    bool braked = false;
};

/// Whether it is announced all the same, with worse attributes.
bool decide_braked(const BrakedInput& input);

}  // namespace vipd
