#include "src/policy/pending_step.hpp"

namespace vipd {

std::string_view to_string(Step step) {
    switch (step) {
        case Step::address:
            return "address";
        case Step::service:
            return "service";
        case Step::destinations:
            return "destinations";
        case Step::announce:
            return "announce";
    }
    return "invalid";
}

std::optional<PendingStep> pending_step(const std::optional<PendingStep>& known,
                                        const std::optional<Step>& waits_for, TimePoint now) {
    if (!waits_for) return std::nullopt;
    if (!known || known->step != *waits_for) return PendingStep{*waits_for, now, false};
    return PendingStep{known->step, known->since, now >= known->since + step_patience};
}

std::optional<TimePoint> overdue_at(const std::optional<PendingStep>& pending) {
    if (!pending || pending->overdue) return std::nullopt;
    return pending->since + step_patience;
}

}  // namespace vipd
