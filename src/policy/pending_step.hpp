#pragma once
// Whether the steps from address to announcement are finished in time (docs/policy.md §6). Pure.

#include "src/base/time.hpp"

#include <optional>
#include <string_view>

namespace vipd {

/// In this order; each but the last is the kernel's to acknowledge, the last one the speaker's.
enum class Step { address, service, destinations, announce };

std::string_view to_string(Step step);

/// A step that was begun and is not acknowledged yet.
struct PendingStep {
    Step step = Step::address;
    TimePoint since;
    bool overdue = false;

    bool operator==(const PendingStep&) const = default;
};

/// A step that takes longer is overdue: an alert, and tried on.
constexpr Duration step_patience{10000};

/// What is pending now that `waits_for` is the first step that is not acknowledged; nothing: none.
std::optional<PendingStep> pending_step(const std::optional<PendingStep>& known,
                                        const std::optional<Step>& waits_for, TimePoint now);

/// When it becomes overdue, if it is not.
std::optional<TimePoint> overdue_at(const std::optional<PendingStep>& pending);

}  // namespace vipd
