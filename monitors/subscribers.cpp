#include "monitors/subscribers.hpp"

#include <algorithm>
#include <utility>

namespace vipd::monitors {

void Subscribers::add(ProbeId id, const Thresholds& thresholds, Health initial) {
    all_.push_back(
        {id, thresholds, HealthState(initial), std::nullopt, initial != Health::unknown});
}

bool Subscribers::remove(ProbeId id) {
    return std::erase_if(all_, [id](const Subscriber& subscriber) { return subscriber.id == id; }) >
           0;
}

void Subscribers::change(ProbeId id, const Thresholds& thresholds) {
    const auto found = std::ranges::find(all_, id, &Subscriber::id);
    if (found == all_.end() || found->thresholds == thresholds) return;
    found->thresholds = thresholds;
    found->state = HealthState(found->state.health());
}

Health Subscribers::health(ProbeId id) const {
    const auto found = std::ranges::find(all_, id, &Subscriber::id);
    return found == all_.end() ? Health::unknown : found->state.health();
}

std::vector<Verdict> Subscribers::record(const ProbeResult& result) {
    std::vector<Verdict> verdicts;
    for (auto& [id, thresholds, state, weight, restored] : all_) {
        const auto changed = state.record(result.success, thresholds);
        const bool agrees = result.success == (state.health() == Health::up);
        const bool confirmed = agrees && std::exchange(restored, false);
        const bool reweighed =
            result.success && state.health() == Health::up && result.weight != weight;
        if (reweighed) weight = result.weight;
        if (changed || reweighed || confirmed)
            verdicts.push_back({.id = id, .health = state.health(), .because_of = result});
    }
    return verdicts;
}

Duration Subscribers::interval(const ProbePlan& plan) const {
    Duration shortest = Duration::max();
    for (const auto& subscriber : all_) {
        Duration wanted = plan.interval;
        if (subscriber.state.streak() > 0) {
            wanted = plan.fast_interval.value_or(plan.interval);
        } else if (subscriber.state.health() == Health::down) {
            wanted = plan.down_interval.value_or(plan.interval);
        }
        shortest = std::min(shortest, wanted);
    }
    return shortest;
}

}  // namespace vipd::monitors
