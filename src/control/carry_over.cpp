#include "src/control/carry_over.hpp"

#include <algorithm>
#include <set>

namespace vipd {
namespace {

using monitors::Health;

void adopt_probe(ProbeState& next, const ProbeState& known) {
    next.plan.id = known.plan.id;
    next.plan.initial = known.verdict.health;  // should the probe have been stopped meanwhile
    next.verdict.health = known.verdict.health;
    next.verdict.reason = known.verdict.reason;
    next.since = known.since;
    next.restored = known.restored;
}

bool same_check(const ProbeState& next, const ProbeState& known) {
    return next.plan.check == known.plan.check && next.plan.target == known.plan.target;
}

bool same_type(const ProbeState& next, const ProbeState& known) {
    return next.verdict.type == known.verdict.type;
}

/// Pairs each new probe with a known one that no other has taken: the very same check first, then
/// the same type.
void carry_probes(Server& next, const Server& known) {
    std::set<std::size_t> taken;
    std::set<std::size_t> matched;
    for (const auto& same : {same_check, same_type}) {
        for (std::size_t n = 0; n < next.probes.size(); ++n) {
            if (matched.contains(n)) continue;
            for (std::size_t k = 0; k < known.probes.size(); ++k) {
                if (taken.contains(k) || !same(next.probes[n], known.probes[k])) continue;
                adopt_probe(next.probes[n], known.probes[k]);
                taken.insert(k);
                matched.insert(n);
                break;
            }
        }
    }
    if (known.health.health != Health::up) return;
    for (std::size_t n = 0; n < next.probes.size(); ++n) {
        if (matched.contains(n)) continue;
        next.probes[n].plan.initial = Health::up;
        next.probes[n].verdict.health = Health::up;
        next.probes[n].verdict.reason = {"carried-over",
                                         "new; taken as up until it says otherwise"};
    }
}

void carry_server(Server& next, const Server& known) {
    carry_probes(next, known);
    next.health = judge(next);
    next.health_since = known.health_since;
    next.went_down = known.went_down;
    next.adopted_weight = known.adopted_weight;
    next.leaving_since = known.leaving_since;
    next.decided = known.decided;
    next.ramps_since = known.ramps_since;
    next.left_at = known.left_at;
    next.in_kernel = known.in_kernel;
    next.quiet_since = known.quiet_since;
    next.connections = known.connections;
}

}  // namespace

void carry_pool(Pool& next, const Pool& known, TimePoint now) {
    next.programmed = known.programmed;
    next.refused = known.refused;
    next.fitness = known.fitness;
    next.fit_since = known.fit_since;
    next.last_fall = known.last_fall;
    next.wanted = known.wanted;
    next.pending = known.pending;
    next.last_event = known.last_event;

    std::set<ipvs::DestinationKey> configured;
    for (auto& server : next.servers) {
        configured.insert(server.destination);
        for (const auto* from : {&known.servers, &known.leaving}) {
            const auto found = std::ranges::find(*from, server.destination, &Server::destination);
            if (found != from->end()) carry_server(server, *found);
        }
        if (const auto found = known.unclaimed.find(server.destination);
            found != known.unclaimed.end()) {
            server.in_kernel = found->second;
            server.adopted_weight = found->second.weight;
        }
    }
    for (const auto* from : {&known.servers, &known.leaving}) {
        for (const auto& server : *from) {
            if (configured.contains(server.destination) || !server.in_kernel) continue;
            next.leaving.push_back(server);
            next.leaving.back().admin = Admin::draining;
            next.leaving.back().admin_reason = {"removed", "no longer in the configuration"};
            next.leaving.back().decided = {Placement::depooled, 0,
                                           next.leaving.back().admin_reason};
            if (!server.leaving_since) next.leaving.back().leaving_since = now;
        }
    }
}

void carry_over(Model& next, const Model& previous, TimePoint now) {
    for (auto& service : next.services) {
        for (auto& pool : service.pools) {
            const auto found = previous.pools.find(pool.key);
            if (found == previous.pools.end()) continue;
            const auto& known = previous.services[found->second.service].pools[found->second.pool];
            carry_pool(pool, known, now);
            if (service.config.unresolved.empty()) continue;
            pool.unclaimed = known.unclaimed;
            for (const auto& server : pool.servers)
                pool.unclaimed.erase(server.destination);
        }
    }
    for (auto& vip : next.vips) {
        for (auto& address : vip.addresses) {
            for (const auto& known : previous.vips) {
                const auto found =
                    std::ranges::find(known.addresses, address.address, &VipAddress::address);
                if (found != known.addresses.end()) address = *found;
            }
        }
    }
}

}  // namespace vipd
