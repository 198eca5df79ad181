// Probes that go through the VIP: their private services are wanted of the kernel, and they run
// while it has them.

#include "src/control/controller.hpp"

#include <utility>

namespace vipd {

std::optional<monitors::VipPath> Controller::way_to(const Server& server,
                                                    const ProbeState& probe) const {
    const auto mark = paths_.ready_mark(*probe.path);
    if (!mark) return std::nullopt;
    return monitors::VipPath{*mark, config_.monitors.vip_paths.port_of(*mark),
                             server.destination.address};
}

/// Those that go on by the path that they have.
void Controller::find_paths(Model& next) const {
    each_probe(next, [this](const Server& server, ProbeState& probe) {
        if (probe.path) probe.plan.path = way_to(server, probe);
    });
}

void Controller::need_paths(TimePoint now) {
    if (stop_.phase() >= StopPhase::dataplane) return;
    std::set<VipPathKey> keys;
    each_probe(model_, [&](const Server&, const ProbeState& probe) {
        if (probe.path) keys.insert(*probe.path);
    });
    want_paths(paths_.need(keys, config_.monitors.vip_paths, now));
    paths_changed_ = true;
    follow_paths();
}

void Controller::want_paths(ipvs::WantedServices wanted) {
    for (auto& [key, service] : wanted)
        outputs_.kernel.services[key] = std::move(service);
}

/// Starts probes whose path the kernel has now, and stops those whose path it has no more: without
/// its private service a probe would be balanced to any server.
void Controller::follow_paths() {
    if (!std::exchange(paths_changed_, false)) return;
    each_probe(model_, [this](const Server& server, ProbeState& probe) {
        if (!probe.path) return;
        auto way = way_to(server, probe);
        if (way == probe.plan.path) return;
        const auto id = probe.plan.id;
        probe.plan.path = std::move(way);
        if (!probe.plan.path) {
            std::erase_if(outputs_.probes, [id](const auto& plan) { return plan.id == id; });
            outputs_.stopped_probes.push_back(id);
            return;
        }
        probe.plan.initial = probe.verdict.health;
        if (probe.verdict.health == monitors::Health::unknown) probe.verdict.reason = {};
        outputs_.probes.push_back(probe.plan);
    });
}

}  // namespace vipd
