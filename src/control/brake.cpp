// The brake: what failures withdrew when almost everything failed at once.

#include "src/policy/brake.hpp"

#include "src/config/duration.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

BrakeVip seen_by_brake(const Vip& vip) {
    BrakeVip seen;
    for (const auto& address : vip.addresses) {
        seen.announced = seen.announced || address.memory.announcement == Announcement::announced;
        if (address.failed_at) seen.failed_at = std::max(seen.failed_at, address.failed_at);
    }
    return seen;
}

/// Enough of the VIP's services have something in the kernel that takes traffic, be it held.
bool carries_traffic(const Model& model, const Vip& vip, const VipAddress& address) {
    std::vector<ServiceFitness> services;
    for (const auto s : vip.services) {
        for (const auto& pool : model.services[s].pools) {
            if (pool.vip_address != address.address) continue;
            const bool carries =
                pool.programmed && std::ranges::any_of(pool.servers, &Server::carries_traffic);
            services.push_back(
                {subject(model.services[s], pool), carries, pool.fitness.reason, true});
        }
    }
    AnnounceRules rules;
    rules.when = vip.config.when.value_or(AnnounceWhen{});
    return readiness(services, address.present, rules).ready;
}

}  // namespace

/// What its pools carry in the kernel counts, even where fitness does not change.
bool Controller::is_braked(const Vip& vip) const {
    return std::ranges::any_of(vip.addresses, [&](const VipAddress& address) {
        return address.braked || (brake_.since && address.failed_at);
    });
}

bool Controller::is_braked(const Vip& vip, const VipAddress& address, bool leaving,
                           TimePoint now) const {
    if (address.memory.announcement != Announcement::withdrawn) return false;
    if (config_.brake.action != BrakeConfig::Action::announce) return false;
    const bool caught = brake_.since && address.failed_at &&
                        counts_for_brake(*address.failed_at, config_.brake, brake_.since, now);
    if (!caught && !address.braked) return false;
    return decide_braked({.caught = caught,
                          .ready = address.memory.ready_since.has_value(),
                          .carries = carries_traffic(model_, vip, address),
                          .leaving = leaving,
                          .braked = address.braked});
}

std::string Controller::brake_text() const {
    return fmt::format("{} of {} VIPs failed within {}", brake_.failed, brake_.all,
                       duration_text(config_.brake.window));
}

/// After every decision about a VIP: counts what has failed, and decides the failed ones anew when
/// the brake goes on or off.
void Controller::review_brake(TimePoint now) {
    const bool off = config_.brake.action == BrakeConfig::Action::off;
    if (off && !brake_.since) return;
    std::vector<BrakeVip> vips;
    vips.reserve(model_.vips.size());
    for (const auto& vip : model_.vips)
        vips.push_back(seen_by_brake(vip));
    auto decision = off ? BrakeDecision{} : decide_brake(vips, config_.brake, brake_, now);
    const auto before = std::exchange(brake_, decision);
    if (before.since == brake_.since) return;
    events_.add(brake_.since ? "brake-on" : "brake-off", config_.node, brake_text());
    for (std::size_t v = 0; v < model_.vips.size(); ++v) {
        if (vips[v].failed_at) decide_vip(v, std::nullopt, now);
    }
}

}  // namespace vipd
