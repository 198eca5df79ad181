// Evidence against ourselves: verdicts of down wait while there is any, and are taken up after it.

#include "src/config/duration.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace vipd {
namespace {

/// How long a probe of a server that works takes at most to say so.
Duration time_to_rise(const monitors::ProbePlan& plan) {
    const auto once_it_answers =
        (plan.thresholds.rise - 1) * plan.fast_interval.value_or(plan.interval);
    return plan.down_interval.value_or(plan.interval) + once_it_answers + plan.timeout;
}

}  // namespace

void Controller::handle(const monitors::Evidence& evidence, TimePoint now) {
    if (!casts_doubt(evidence.reason.code)) {
        impaired_[evidence.reason.code] = evidence;
        return;
    }
    review_doubt(now);
    doubt(suspect(suspicion_, evidence.reason, now));
    review_doubt(now);
}

void Controller::follow_control() {
    std::set<Family> families;
    each_probe(model_, [&families](const Server&, const ProbeState& probe) {
        families.insert(probe.plan.target.address.family());
    });
    auto [start, stop] = control_.follow(config_.monitors.control, families, next_probe_);
    outputs_.probes.insert(outputs_.probes.end(), start.begin(), start.end());
    outputs_.stopped_probes.insert(outputs_.stopped_probes.end(), stop.begin(), stop.end());
}

void Controller::note_control(const monitors::Verdict& verdict, TimePoint now) {
    review_doubt(now);  // by what was known until now
    const bool spoke_against_us = control_evidence(control_.probes()).has_value();
    control_.note(verdict);
    if (spoke_against_us && !control_evidence(control_.probes()))
        control_lingers_ = now + time_to_come_back();
    const auto& probe = *control_.find(verdict.id);
    const bool up = verdict.health == monitors::Health::up;
    events_.add(up ? "control-up" : "control-down", probe.name, probe.reason.text);
    review_doubt(now);
}

void Controller::doubt(Suspicion suspicion) {
    if (!suspicion_ || suspicion_->since != suspicion.since) {
        events_.add("suspect", config_.node,
                    fmt::format("verdicts of down wait for at most {}: {}",
                                duration_text(config_.suspect_max), suspicion.reason.text));
    }
    suspicion_ = std::move(suspicion);
}

/// What they say stands until they say otherwise, and then for a while.
void Controller::doubt_by_control(TimePoint now) {
    if (auto evidence = control_evidence(control_.probes())) {
        doubt(stay_suspect(suspicion_, *std::move(evidence), now));
    } else if (suspicion_ && control_lingers_ && now < *control_lingers_) {
        doubt(stay_suspect(suspicion_, suspicion_->reason, now));
    }
}

/// Until the servers whose verdicts wait have had the time to be found up again: else they would
/// all go down just when we are well.
Duration Controller::time_to_come_back() const {
    Duration longest{0};
    for (const auto& [id, verdict] : frozen_) {
        const auto found = model_.probes.find(id);
        if (found == model_.probes.end()) continue;
        longest = std::max(longest, time_to_rise(probe_at(model_, found->second).plan));
    }
    return longest;
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
    doubt_by_control(now);
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
