// Steps from address to announcement that are not acknowledged: which, since when, and what is told
// of it when it takes too long.

#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

bool as_wanted(const Server& server) {
    const auto weight = server.in_kernel ? std::optional(server.in_kernel->weight) : std::nullopt;
    return weight == server.decided.kernel_weight;
}

std::optional<Step> waits_for(const Pool& pool) {
    if (!pool.wanted) return std::nullopt;
    if (!pool.programmed) return Step::service;
    const bool all = std::ranges::all_of(pool.servers, as_wanted);
    return all ? std::nullopt : std::optional(Step::destinations);
}

std::string overdue_text(const PendingStep& pending, std::string_view what) {
    return fmt::format(
        "the step \"{}\" is not acknowledged after {} s: {}", to_string(pending.step),
        std::chrono::duration_cast<std::chrono::seconds>(step_patience).count(), what);
}

std::string missing_servers(const Pool& pool) {
    const auto late = std::ranges::find_if_not(pool.servers, as_wanted);
    if (late == pool.servers.end()) return "none";
    const auto count = std::ranges::count_if(
        pool.servers, [](const Server& server) { return !as_wanted(server); });
    return count == 1 ? late->name : fmt::format("{} and {} more", late->name, count - 1);
}

bool is_refused(const std::vector<ipvs::Refusal>& refusals, const ipvs::ServiceKey& key) {
    return std::ranges::any_of(refusals, [&](const ipvs::Refusal& refusal) {
        return ipvs::service_of(refusal.change) == key;
    });
}

}  // namespace

void Controller::tell_overdue(const std::optional<PendingStep>& before,
                              const std::optional<PendingStep>& after, const std::string& subject) {
    const bool were = before && before->overdue;
    const bool are = after && after->overdue;
    if (were == are) return;
    const auto& pending = are ? *after : *before;
    events_.add(are ? "step-overdue" : "step-done", subject,
                fmt::format("{}: {}", to_string(pending.step),
                            are ? "not acknowledged in time; tried on" : "acknowledged"));
}

void Controller::note_pending(PoolPlace place, TimePoint now) {
    const auto& service = model_.services[place.service];
    auto& pool = model_.services[place.service].pools[place.pool];
    const auto before = pool.pending;
    pool.pending = pending_step(before, waits_for(pool), now);
    note_due(place, overdue_at(pool.pending));
    if (before != pool.pending) tell_overdue(before, pool.pending, subject(service, pool));
}

/// A router that has a session with us and not the route.
std::optional<std::string> Controller::owed(const Vip& vip, const VipAddress& address) const {
    if (!address.wanted || !config_.bgp) return std::nullopt;
    for (const auto& [name, peer] : peers_) {
        const auto configured = config_.bgp->peers.find(name);
        if (configured == config_.bgp->peers.end()) continue;
        const auto& vips = configured->second.vips;
        const auto family = peer->families.find(address.address.family());
        const bool takes = peer->state == bgp::SessionState::established &&
                           family != peer->families.end() && family->second.negotiated &&
                           (!vips || vips->contains(vip.name));
        if (takes && !address.advertised_to.contains(name)) return name;
    }
    return std::nullopt;
}

void Controller::note_pending(const Vip& vip, VipAddress& address, TimePoint now) {
    std::optional<Step> waits_for;
    if (owed(vip, address)) waits_for = Step::announce;
    if (!address.present) waits_for = Step::address;
    const auto before = address.pending;
    address.pending = pending_step(before, waits_for, now);
    if (before == address.pending) return;
    tell_overdue(before, address.pending, subject(vip, address));
}

/// After news of sessions and routes.
void Controller::note_pending_routes(TimePoint now) {
    if (!kernel_read_) return;
    for (auto& vip : model_.vips) {
        for (auto& address : vip.addresses)
            note_pending(vip, address, now);
        note_due(vip);
    }
}

void Controller::alert_overdue(const AddAlert& add) const {
    for (const auto& service : model_.services) {
        for (const auto& pool : service.pools) {
            // What the kernel refuses is told in its own words.
            const auto& pending = pool.pending;
            if (!pending || !pending->overdue || is_refused(refusals_, pool.key)) continue;
            const auto what =
                pending->step == Step::service ? ipvs::to_string(pool.key) : missing_servers(pool);
            add("not-programmed", subject(service, pool), overdue_text(*pending, what));
        }
    }
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            const auto& pending = address.pending;
            if (!pending || !pending->overdue || address.error) continue;
            if (pending->step == Step::address)
                add("not-programmed", subject(vip, address),
                    overdue_text(*pending, vip.config.interface));
            if (const auto router = owed(vip, address))
                add("not-announced", subject(vip, address), overdue_text(*pending, *router));
        }
    }
}

}  // namespace vipd
