#include "monitors/engine.hpp"

#include "monitors/worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace vipd::monitors {

namespace {

/// A probe holds one descriptor, rarely two; the rest of the process keeps a quarter.
std::size_t most_running_by_limit() {
    rlimit limit{};
    constexpr rlim_t unlimited = 1000000;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1000;
    return std::min(limit.rlim_cur, unlimited) * 3 / 4;
}

}  // namespace

/// Probes are sharded by server, so that equal ones meet; an id stays with its first worker even if
/// its target changes, which keeps its verdict in one place.
struct Engine::State {
    Worker::Sinks sinks;
    std::unordered_map<ProbeId, std::size_t> worker_of;
    std::vector<std::unique_ptr<Worker>> workers;  // last: they use the sinks until they are joined

    TypeStats type_stats(std::size_t type) const;

    std::size_t home(const ProbePlan& plan) {
        const auto& server = plan.path ? plan.path->server : plan.target.address;
        const auto shard = std::hash<Address>{}(server) % workers.size();
        return worker_of.try_emplace(plan.id, shard).first->second;
    }
};

Engine::Engine(EngineOptions options, Sink sink, EvidenceSink evidence_sink)
    : state_(std::make_unique<State>()) {
    state_->sinks = {std::move(sink), std::move(evidence_sink)};
    const unsigned count = std::max(options.workers, 1U);
    const auto most_running =
        options.most_running == 0 ? most_running_by_limit() : options.most_running;
    const auto share = std::max<std::size_t>(most_running / count, 1);
    for (unsigned number = 0; number < count; ++number) {
        state_->workers.push_back(std::make_unique<Worker>(number, share, state_->sinks));
    }
}

Engine::~Engine() = default;

void Engine::update(std::vector<ProbePlan> plans, std::vector<ProbeId> remove) {
    std::vector<Worker::Mail> mail(state_->workers.size());
    for (const auto id : remove) {
        const auto found = state_->worker_of.find(id);
        if (found == state_->worker_of.end()) continue;
        mail[found->second].remove.push_back(id);
        state_->worker_of.erase(found);
    }
    for (auto& plan : plans)
        mail[state_->home(plan)].plans.push_back(std::move(plan));
    for (std::size_t i = 0; i < mail.size(); ++i) {
        if (mail[i].plans.empty() && mail[i].remove.empty()) continue;
        state_->workers[i]->post(std::move(mail[i]));
    }
}

void Engine::history(ProbeId id, std::function<void(History)> answer) {
    const auto found = state_->worker_of.find(id);
    if (found == state_->worker_of.end()) {
        answer({});
        return;
    }
    Worker::Mail mail;
    mail.history.push_back({id, std::move(answer)});
    state_->workers[found->second]->post(std::move(mail));
}

TimePoint Engine::last_progress() const {
    TimePoint slowest = TimePoint::max();
    for (const auto& worker : state_->workers)
        slowest = std::min(slowest, worker->last_progress());
    return slowest;
}

TypeStats Engine::State::type_stats(std::size_t type) const {
    std::uint64_t probes = 0;
    std::uint64_t failures = 0;
    DurationCounts::Values durations;
    for (const auto& worker : workers) {
        const auto& counters = worker->counters().types[type];
        probes += counters.probes.load(std::memory_order_relaxed);
        failures += counters.failures.load(std::memory_order_relaxed);
        durations.add(counters.durations.values());
    }
    return {type_names[type], probes, failures, DurationCounts::histogram(durations)};
}

EngineStats Engine::stats() const {
    EngineStats stats;
    DurationCounts::Values lateness;
    for (const auto& worker : state_->workers) {
        const auto& counters = worker->counters();
        stats.repeated += counters.repeated.load(std::memory_order_relaxed);
        stats.own_faults += counters.own_faults.load(std::memory_order_relaxed);
        stats.watches += counters.watches.load(std::memory_order_relaxed);
        stats.running += counters.running.load(std::memory_order_relaxed);
        stats.waiting += counters.waiting.load(std::memory_order_relaxed);
        lateness.add(counters.lateness.values());
    }
    stats.lateness = DurationCounts::histogram(lateness);
    stats.lateness_p50 = DurationCounts::quantile(lateness, 0.5);
    stats.lateness_p99 = DurationCounts::quantile(lateness, 0.99);
    stats.lateness_max = DurationCounts::quantile(lateness, 1.0);
    for (std::size_t type = 0; type < type_names.size(); ++type) {
        auto counted = state_->type_stats(type);
        stats.probes += counted.probes;
        stats.failures += counted.failures;
        if (counted.probes > 0) stats.types.push_back(std::move(counted));
    }
    return stats;
}

}  // namespace vipd::monitors
