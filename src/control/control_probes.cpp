#include "src/control/control_probes.hpp"

#include "src/config/config_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vipd {
namespace {

Address loopback_of(Family family) {
    constexpr std::array<std::uint8_t, 4> ipv4{127, 0, 0, 1};
    constexpr std::array<std::uint8_t, 16> ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return family == Family::ipv4 ? *Address::from_bytes(ipv4) : *Address::from_bytes(ipv6);
}

monitors::ProbePlan make_plan(const Endpoint& target, monitors::Check check, Duration interval) {
    monitors::ProbePlan plan;
    plan.target = target;
    plan.check = std::move(check);
    plan.interval = plan.timeout = interval;
    // A lost packet is no evidence; once we are well again, nothing should wait any longer.
    plan.thresholds = {.rise = 1, .fall = 2};
    return plan;
}

ControlProbe new_probe(bool loopback, std::string name) {
    ControlProbe probe;
    probe.loopback = loopback;
    probe.name = std::move(name);
    return probe;
}

monitors::ProbePlan without_id(monitors::ProbePlan plan) {
    plan.id = 0;
    return plan;
}

}  // namespace

ControlProbes::Change ControlProbes::follow(const ControlConfig& config,
                                            const std::set<Family>& families,
                                            monitors::ProbeId& next_id) {
    Change change;
    auto plans_before = std::exchange(plans_, {});
    auto probes_before = std::exchange(probes_, {});
    const auto add = [&](ControlProbe probe, monitors::ProbePlan plan) {
        const auto known = std::ranges::find(plans_before, plan, without_id);
        if (known != plans_before.end()) {
            const auto at = known - plans_before.begin();
            plan.id = known->id;
            probe = probes_before[static_cast<std::size_t>(at)];
            plans_before.erase(known);
            probes_before.erase(probes_before.begin() + at);
        } else {
            plan.id = next_id++;
            change.start.push_back(plan);
        }
        plans_.push_back(std::move(plan));
        probes_.push_back(std::move(probe));
    };
    for (const auto family : families) {
        if (!config.loopback) break;
        add(new_probe(true, "loopback " + std::string(to_string(family))),
            make_plan({loopback_of(family), 0}, monitors::LoopbackCheck{}, config.interval));
    }
    for (const auto& target : config.addresses) {
        auto check = target.port == 0 ? monitors::Check(monitors::IcmpCheck{})
                                      : monitors::Check(monitors::TcpCheck{});
        add(new_probe(false, control_address_text(target)),
            make_plan(target, std::move(check), config.interval));
    }
    for (const auto& plan : plans_before)
        change.stop.push_back(plan.id);
    return change;
}

const ControlProbe* ControlProbes::find(monitors::ProbeId id) const {
    const auto found = std::ranges::find(plans_, id, &monitors::ProbePlan::id);
    return found == plans_.end() ? nullptr
                                 : &probes_[static_cast<std::size_t>(found - plans_.begin())];
}

void ControlProbes::note(const monitors::Verdict& verdict) {
    const auto found = std::ranges::find(plans_, verdict.id, &monitors::ProbePlan::id);
    auto& probe = probes_[static_cast<std::size_t>(found - plans_.begin())];
    probe.health = verdict.health;
    probe.reason = verdict.because_of.reason;
    probe.proven = probe.proven || verdict.health == monitors::Health::up;
}

}  // namespace vipd
