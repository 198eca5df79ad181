#pragma once
// Rise and fall: what a row of probe results means. Pure; the same for every monitor type.

#include <cstdint>
#include <optional>
#include <string_view>

namespace vipd::monitors {

/// What one monitor says of one server. unknown: never judged.
enum class Health : std::uint8_t { unknown, up, down };

std::string_view to_string(Health health);

struct Thresholds {
    unsigned rise = 2;  // consecutive successes that bring it up, at least 1
    unsigned fall = 2;  // consecutive failures that take it down, at least 1
    bool operator==(const Thresholds&) const = default;
};

/// The first verdict needs one success or `fall` failures; later ones `rise` successes or `fall`
/// failures in a row.
class HealthState {
public:
    HealthState() = default;
    /// Restored from an earlier run: stands until contradicted by the usual thresholds.
    explicit HealthState(Health restored) : health_(restored) {}

    Health health() const { return health_; }
    /// Results in a row that contradict (or, while unknown, do not yet settle) the verdict.
    unsigned streak() const { return streak_; }

    /// Takes one result; the new verdict if this one changed it.
    std::optional<Health> record(bool success, const Thresholds& thresholds);

private:
    Health health_ = Health::unknown;
    unsigned streak_ = 0;
};

}  // namespace vipd::monitors
