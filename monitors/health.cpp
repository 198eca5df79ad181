#include "monitors/health.hpp"

#include <algorithm>

namespace vipd::monitors {

std::string_view to_string(Health health) {
    switch (health) {
        case Health::unknown:
            return "unknown";
        case Health::up:
            return "up";
        case Health::down:
            return "down";
    }
    return "invalid";
}

std::optional<Health> HealthState::record(bool success, const Thresholds& thresholds) {
    const Health opinion = success ? Health::up : Health::down;
    // A success settles the unknown at once, so a failure streak is the only one that can build up
    // there.
    if (opinion == health_ || (health_ == Health::unknown && success)) streak_ = 0;
    if (opinion == health_) return std::nullopt;

    const unsigned needed = success ? thresholds.rise : thresholds.fall;
    const bool settles_at_once = success && health_ == Health::unknown;
    if (!settles_at_once && ++streak_ < std::max(needed, 1U)) return std::nullopt;

    health_ = opinion;
    streak_ = 0;
    return opinion;
}

}  // namespace vipd::monitors
