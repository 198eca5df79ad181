#include "monitors/engine.hpp"

#include "monitors/worker.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace vipd::monitors {

/// Probes are sharded by server, so that equal ones meet; an id stays with its first worker even if
/// its target changes, which keeps its verdict in one place.
struct Engine::State {
    Sink sink;
    std::unordered_map<ProbeId, std::size_t> worker_of;
    std::vector<std::unique_ptr<Worker>> workers;  // last: they use the sink until they are joined

    std::size_t home(const ProbePlan& plan) {
        const auto shard = std::hash<Address>{}(plan.target.address) % workers.size();
        return worker_of.try_emplace(plan.id, shard).first->second;
    }
};

Engine::Engine(EngineOptions options, Sink sink) : state_(std::make_unique<State>()) {
    state_->sink = std::move(sink);
    for (unsigned number = 0; number < std::max(options.workers, 1U); ++number) {
        state_->workers.push_back(std::make_unique<Worker>(number, state_->sink));
    }
}

Engine::~Engine() = default;

void Engine::update(std::vector<ProbePlan> plans, std::vector<ProbeId> remove) {
    const auto count = state_->workers.size();
    std::vector<std::vector<ProbePlan>> plans_of(count);
    std::vector<std::vector<ProbeId>> remove_of(count);
    for (const auto id : remove) {
        const auto found = state_->worker_of.find(id);
        if (found == state_->worker_of.end()) continue;
        remove_of[found->second].push_back(id);
        state_->worker_of.erase(found);
    }
    for (auto& plan : plans)
        plans_of[state_->home(plan)].push_back(std::move(plan));
    for (std::size_t i = 0; i < count; ++i) {
        if (plans_of[i].empty() && remove_of[i].empty()) continue;
        state_->workers[i]->post(std::move(plans_of[i]), std::move(remove_of[i]));
    }
}

TimePoint Engine::last_progress() const {
    TimePoint slowest = TimePoint::max();
    for (const auto& worker : state_->workers)
        slowest = std::min(slowest, worker->last_progress());
    return slowest;
}

}  // namespace vipd::monitors
