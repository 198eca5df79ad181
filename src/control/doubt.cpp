// Evidence against ourselves: verdicts of down wait while there is any, and are taken up after it.

#include "src/config/duration.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <utility>

namespace vipd {

void Controller::handle(const monitors::Evidence& evidence, TimePoint now) {
    if (!casts_doubt(evidence.reason.code)) {
        impaired_[evidence.reason.code] = evidence;
        return;
    }
    review_doubt(now);
    auto next = suspect(suspicion_, evidence.reason, now);
    if (!suspicion_ || suspicion_->since != next.since) {
        events_.add("suspect", config_.node,
                    fmt::format("verdicts of down wait for at most {}: {}",
                                duration_text(config_.suspect_max), evidence.reason.text));
    }
    suspicion_ = std::move(next);
    review_doubt(now);
}

void Controller::freeze(const ProbePlace& place, const monitors::Verdict& verdict, TimePoint now) {
    const auto& service = model_.services[place.service];
    const auto& server = service.pools[place.pool].servers[place.server];
    frozen_[verdict.id] = verdict;
    frozen_[verdict.id].because_of.finished = now;
    service_views_[place.service].reset();
    events_.add(
        "verdict-frozen", subject(service, server),
        fmt::format("{}: {}; taken up when the doubt is over",
                    server.probes[place.probe].verdict.type, verdict.because_of.reason.text));
}

/// Takes the waiting verdicts up once nothing speaks against ourselves, or has for too long.
void Controller::review_doubt(TimePoint now) {
    if (!suspicion_) return;
    const auto decision = decide_doubt(suspicion_, config_.suspect_max, now);
    next_review_ = decision.deadline;
    if (decision.doubt == Doubt::frozen) return;
    if (decision.doubt == Doubt::none) {
        events_.add("suspect-ended", config_.node, "nothing speaks against ourselves any more");
        suspicion_.reset();
    }
    for (const auto& [id, verdict] : std::exchange(frozen_, {})) {
        const auto found = model_.probes.find(id);
        if (found != model_.probes.end()) apply_verdict(found->second, verdict, now);
    }
}

}  // namespace vipd
