// The controller's decisions: policy asked with what is known, and what changed told to the edges.

#include "src/config/kernel_service.hpp"
#include "src/control/controller.hpp"
#include "src/policy/degraded.hpp"
#include "src/policy/leave_limit.hpp"
#include "src/policy/slow_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace vipd {
namespace {

using monitors::Health;

bool is_leaving(const Server& server) {
    return server.admin == Admin::draining || server.weight == 0;
}

/// Schedulers that keep choosing a destination of weight 0 and then drop the packet
/// (net/netfilter/ipvs: ip_vs_mh.c, ip_vs_sh.c without the fallback flag; ip_vs_dh.c, which has
/// none).
bool drops_at_weight_zero(const ipvs::ServiceOptions& options) {
    const auto fallback = static_cast<std::uint32_t>(ipvs::SchedulerFlag::fallback);
    if (options.scheduler == "dh") return true;
    const bool hashing = options.scheduler == "mh" || options.scheduler == "sh";
    return hashing && (options.scheduler_flags & fallback) == 0;
}

DrainRules drain_rules(const ServiceConfig& service) {
    return {.timeout = service.drain_timeout, .waits = service.protocol == ipvs::Protocol::tcp};
}

/// Into a member that was another server's: its texts are copied over, without new memory.
void describe(const Service& service, const Server& server, bool start_deadline_passed,
              PoolMember& member, TimePoint now) {
    member.name = server.name;
    member.health = server.health.health;
    member.health_text = server.health.reason.text;
    member.admin = server.admin;
    member.admin_text = server.admin_reason.text;
    member.weight = server.weight;
    member.adopted_weight = server.adopted_weight;
    member.carries = server.is_to_carry();
    member.went_down = server.went_down;
    member.drained =
        server.leaving_since && drained(leaving_server(server), drain_rules(service.config), now);
    // Nothing was heard of it for as long as first verdicts are waited for: it may be held, but not
    // trusted.
    if (start_deadline_passed && member.adopted_weight && member.health == Health::unknown) {
        member.health = Health::down;
        member.health_text = "no verdict since the start";
    }
}

/// A server that goes down while its weight climbs is held, if at all, with its whole weight, and
/// one that was held goes on with it.
void note_ramp(const Service& service, Server& server, TimePoint now) {
    if (!service.config.slow_start || !server.counts_as_up()) {
        server.ramps_since.reset();
    } else if (!server.is_to_carry()) {
        server.ramps_since = now;
    }
}

FitnessInput fitness_input(const Pool& pool) {
    const auto up_programmed = std::ranges::count_if(pool.servers, [](const Server& server) {
        return server.counts_as_up() && server.carries_traffic();
    });
    return {.up = pool.decision.up,
            .enabled = pool.decision.enabled,
            .floor = pool.decision.floor,
            .programmed = pool.programmed,
            .up_programmed = static_cast<std::size_t>(up_programmed),
            .refused = pool.refused,
            .was_fit = pool.fitness.fit};
}

void add_destination(ipvs::Service& wanted, const Service& service, const Server& server,
                     std::int32_t weight) {
    ipvs::Destination destination;
    destination.forwarding = service.config.forwarding;
    destination.tunnel = service.config.tunnel;
    destination.weight = weight;
    destination.upper_threshold = server.upper_threshold;
    destination.lower_threshold = server.lower_threshold;
    wanted.destinations[server.destination] = destination;
}

ipvs::Service wanted_service(const Service& service, const Pool& pool) {
    ipvs::Service wanted;
    wanted.options = kernel_options(service.config, pool.vip_address.family());
    wanted.destinations = pool.unclaimed;
    for (const auto& server : pool.leaving) {
        if (!drops_at_weight_zero(wanted.options)) add_destination(wanted, service, server, 0);
    }
    for (const auto& server : pool.servers) {
        if (server.decided.kernel_weight) {
            add_destination(wanted, service, server, *server.decided.kernel_weight);
        }
    }
    return wanted;
}

void note_degraded(const Pool& pool, const ServiceConfig& service, const DegradedConfig& config,
                   ServiceFitness& fitness) {
    const auto& below = config.below ? *config.below : service.depool_threshold;
    const auto& decided = pool.decision;
    fitness.degraded = degraded_step(decided.up, decided.configured, below, config.steps);
    if (fitness.degraded == 0) return;
    fitness.degraded_text =
        fmt::format("{}: {} of {} up, below {} (step {} of {})", fitness.name, decided.up,
                    decided.configured, below.to_string(), fitness.degraded, config.steps);
}

AnnounceRules announce_rules(const VipConfig& vip) {
    return {vip.when.value_or(AnnounceWhen{}), vip.hold_down, vip.min_interval};
}

/// What routers are to be told of the address; nothing: withdrawn.
std::optional<bgp::RouteAttributes> wanted_route(const VipConfig& vip, const VipAddress& address) {
    const auto told = address.announcement();
    if (told == Announcement::withdrawn) return std::nullopt;
    if (told == Announcement::draining || address.braked) return leaving_attributes(vip.attributes);
    if (!vip.degraded) return vip.attributes;
    return degraded_attributes(vip.attributes, *vip.degraded, address.memory.degraded);
}

Readiness readiness_of(const Model& model, const Vip& vip, const VipAddress& address,
                       const AnnounceRules& rules, std::vector<ServiceFitness>& services) {
    for (const auto s : vip.services) {
        for (const auto& pool : model.services[s].pools) {
            if (pool.vip_address != address.address) continue;
            services.push_back({subject(model.services[s], pool), pool.fitness.fit,
                                pool.fitness.reason, all_judged(pool)});
            if (vip.config.degraded) {
                note_degraded(pool, model.services[s].config, *vip.config.degraded,
                              services.back());
            }
        }
    }
    return readiness(services, address.present, rules);
}

}  // namespace

std::string subject(const Service& service, const Server& server) {
    return service.name + "/" + server.name;
}

std::string subject(const Service& service, const Pool& pool) {
    return fmt::format("{} {}", service.name, to_string(pool.vip_address.family()));
}

std::string subject(const Vip& vip, const VipAddress& address) {
    return fmt::format("{} {}", vip.name, address.address.to_string());
}

/// VIPs after all pools: one judged by a pool that is not decided yet would be told, for a moment,
/// as it is not.
void Controller::decide_everything(TimePoint now) {
    std::vector<std::optional<EventId>> causes(model_.vips.size());
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        const auto& service = model_.services[s];
        for (std::size_t p = 0; p < service.pools.size(); ++p) {
            if (decide_pool_only({s, p}, now)) causes[service.vip] = service.pools[p].last_event;
        }
    }
    for (std::size_t v = 0; v < model_.vips.size(); ++v)
        decide_vip(v, causes[v], now);
}

void Controller::decide_pool_of(PoolPlace place, TimePoint now) {
    if (!decide_pool_only(place, now)) return;
    const auto& service = model_.services[place.service];
    decide_vip(service.vip, service.pools[place.pool].last_event, now);
}

bool Controller::decide_pool_only(PoolPlace place, TimePoint now) {
    if (!kernel_read_) return false;  // nothing is wanted before it is known what is there
    auto& service = model_.services[place.service];
    auto& pool = service.pools[place.pool];

    const auto rules = pool_rules(place, now);
    describe_members(place, now);
    const auto left = std::erase_if(pool.leaving, [&](const Server& server) {
        return drained(leaving_server(server), drain_rules(service.config), now);
    });
    const bool changed = take_decision(service, pool, decide_pool(members_, rules), now);
    if (changed || left > 0 || !pool.wanted) want_pool(service, pool);
    note_pending(place, now);
    note_drain(place, now);

    auto fitness =
        decide_fitness(fitness_input(pool), {service.config.min_up, service.config.min_up_share});
    const auto was = std::exchange(pool.fitness, std::move(fitness));
    const bool were_judged = std::exchange(pool.judged, all_judged(pool));
    const bool same = was == pool.fitness && were_judged == pool.judged;
    if (same && !is_braked(model_.vips[service.vip])) return false;
    service_views_[place.service].reset();
    note_fitness(service, pool, was, now);
    return true;
}

PoolRules Controller::pool_rules(PoolPlace place, TimePoint now) {
    const auto& service = model_.services[place.service];
    PoolRules rules{.depool_threshold = service.config.depool_threshold,
                    .quiesce_down = config_.ipvs.on_down == IpvsConfig::OnDown::quiesce,
                    .drain_by_removal = drops_at_weight_zero(service.config.options),
                    .may_leave = std::nullopt};
    pools_due_.set(place, std::nullopt);
    if (!service.config.max_leaving) return rules;
    const auto& servers = service.pools[place.pool].servers;
    std::vector<TimePoint> left;
    for (const auto& server : servers) {
        if (server.left_at) left.push_back(*server.left_at);
    }
    const auto allowance = leave_allowance(servers.size(), left, *service.config.max_leaving, now);
    rules.may_leave = allowance.servers;
    note_due(place, allowance.deadline);
    return rules;
}

/// The pool as policy sees it, in members_, with what follows from time alone noted.
void Controller::describe_members(PoolPlace place, TimePoint now) {
    auto& service = model_.services[place.service];
    auto& servers = service.pools[place.pool].servers;
    members_.resize(servers.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
        auto& server = servers[i];
        if (!is_leaving(server)) server.leaving_since.reset();
        if (is_leaving(server) && !server.leaving_since) server.leaving_since = now;
        note_ramp(service, server, now);
        describe(service, server, start_deadline_passed_, members_[i], now);
        members_[i].ramped_weight.reset();
        if (!server.ramps_since) continue;
        const auto ramped =
            ramped_weight(server.weight, *server.ramps_since, *service.config.slow_start, now);
        members_[i].ramped_weight = ramped.weight;
        note_due(place, ramped.next);
        if (!ramped.next) server.ramps_since.reset();
    }
}

void Controller::note_due(PoolPlace place, const std::optional<TimePoint>& when) {
    if (when) pools_due_.bring_forward(place, *when);
}

void Controller::note_due(const Vip& vip) {
    std::optional<TimePoint> earliest;
    for (const auto& address : vip.addresses) {
        for (const auto& when : {address.deadline, overdue_at(address.pending)}) {
            earliest = earlier(earliest, when);
        }
    }
    vips_due_.set(static_cast<std::size_t>(&vip - model_.vips.data()), earliest);
}

/// Whether it is another one than before.
bool Controller::take_decision(const Service& service, Pool& pool, PoolDecision decision,
                               TimePoint now) {
    if (decision == pool.decision) return false;
    service_views_[static_cast<std::size_t>(&service - model_.services.data())].reset();
    pool.decision = std::move(decision);
    for (std::size_t i = 0; i < pool.servers.size(); ++i) {
        auto& server = pool.servers[i];
        const bool carried = server.is_to_carry();
        const auto before = std::exchange(server.decided, pool.decision.members[i]).placement;
        if (carried && !server.is_to_carry() && is_down(members_[i])) server.left_at = now;
        if (before == server.decided.placement) continue;
        pool.last_event =
            events_.add(fmt::format("server-{}", to_string(server.decided.placement)),
                        subject(service, server), server.decided.reason.text, pool.last_event);
    }
    return true;
}

void Controller::note_fitness(const Service& service, Pool& pool, const Fitness& before,
                              TimePoint now) {
    if (before.fit == pool.fitness.fit) return;
    pool.fit_since = now;
    pool.last_event =
        events_.add(pool.fitness.fit ? "service-fit" : "service-unfit", subject(service, pool),
                    pool.fitness.reason.text, pool.last_event);
}

void Controller::want_pool(const Service& service, Pool& pool) {
    if (stop_.phase() >= StopPhase::dataplane) return;
    auto wanted = wanted_service(service, pool);
    if (pool.wanted == wanted) return;
    latency_.kernel_wanted(pool.key);
    outputs_.kernel.services[pool.key] = wanted;
    pool.wanted = std::move(wanted);
}

void Controller::decide_vip(std::size_t index, std::optional<EventId> cause, TimePoint now) {
    auto& vip = model_.vips[index];
    const auto rules = announce_rules(vip.config);
    std::vector<std::vector<ServiceFitness>> services(vip.addresses.size());
    std::vector<Readiness> ready;
    for (std::size_t a = 0; a < vip.addresses.size(); ++a) {
        ready.push_back(readiness_of(model_, vip, vip.addresses[a], rules, services[a]));
    }
    for (std::size_t a = 0; a < vip.addresses.size(); ++a) {
        std::vector<Readiness> others;
        if (vip.config.families_together) {
            others = ready;
            others.erase(others.begin() + static_cast<std::ptrdiff_t>(a));
        }
        AnnounceInput input;
        input.services = services[a];
        input.present = vip.addresses[a].present;
        input.start_deadline_passed = start_deadline_passed_;
        input.other_addresses = others;
        decide_address(vip, vip.addresses[a], input, cause, now);
    }
    note_due(vip);
    if (std::exchange(brake_due_, false)) review_brake(now);
}

/// Says in `input` whether the VIP is on its way out, and returns when its next step is due.
std::optional<TimePoint> Controller::note_leaving(const Vip& vip, AnnounceInput& input,
                                                  TimePoint now) const {
    using Leaving = AnnounceInput::Leaving;
    if (stop_.phase() != StopPhase::running) {
        input.leaving =
            stop_.phase() == StopPhase::draining ? Leaving::draining : Leaving::withdrawn;
        input.leaving_reason = {"stopping", "vipd is stopping"};
        return std::nullopt;
    }
    const auto* maintenance = maintenance_of(vip);
    if (maintenance == nullptr) return std::nullopt;
    const auto withdraw_at = maintenance->since + config_.stop.gshut_wait;
    input.leaving = now < withdraw_at ? Leaving::draining : Leaving::withdrawn;
    input.leaving_reason = {"maintenance", by_whom(maintenance->who, maintenance->why)};
    return now < withdraw_at ? std::optional(withdraw_at) : std::nullopt;
}

void Controller::decide_address(Vip& vip, VipAddress& address, AnnounceInput input,
                                std::optional<EventId> cause, TimePoint now) {
    const auto until = note_leaving(vip, input, now);
    auto decision = decide_announcement(input, announce_rules(vip.config), address.memory, now);
    const auto before = std::pair(address.announcement(), address.braked);
    const auto degraded_before = address.memory.degraded;
    const auto failed_before = address.failed_at;
    const bool leaving = input.leaving != AnnounceInput::Leaving::no;
    const bool was_told = address.memory.announcement != Announcement::withdrawn;
    const bool failed = was_told && decision.announcement() == Announcement::withdrawn;
    if (failed && !leaving) address.failed_at = now;
    if (leaving || decision.memory.ready_since) address.failed_at.reset();
    if (failed_before != address.failed_at || decision.announcement() != before.first)
        brake_due_ = true;

    auto& known = vip_views_[static_cast<std::size_t>(&vip - model_.vips.data())];
    if (decision.memory != address.memory || decision.reason != address.reason) known.reset();
    address.memory = decision.memory;
    address.reason = std::move(decision.reason);
    address.deadline = until ? until : decision.deadline;
    address.braked = is_braked(vip, address, leaving, now);
    if (address.braked) {
        address.reason = {"brake", fmt::format("announced with worse attributes: {} ({})",
                                               brake_text(), address.reason.text)};
        known.reset();
    }

    const auto told = address.announcement();
    want_route(address, wanted_route(vip.config, address));
    note_pending(vip, address, now);
    const auto tell = [&](std::string code) {
        events_.add(std::move(code), subject(vip, address), address.reason.text, cause);
    };
    if (before == std::pair(told, address.braked)) {
        if (degraded_before == address.memory.degraded) return;
        return tell(address.memory.degraded > 0 ? "vip-degraded" : "vip-restored");
    }
    known.reset();
    address.since = now;
    outputs_.save_state = true;
    tell(address.braked ? "vip-braked" : fmt::format("vip-{}", to_string(told)));
}

void Controller::want_route(VipAddress& address, std::optional<bgp::RouteAttributes> route) {
    if (address.wanted == route) return;
    address.wanted = route;
    const auto prefix = bgp::Prefix::host(address.address);
    latency_.route_wanted(prefix, established_peers());
    outputs_.routes[prefix] = std::move(route);
}

std::set<std::string> Controller::established_peers() const {
    std::set<std::string> names;
    for (const auto& [name, peer] : peers_) {
        if (peer->state == bgp::SessionState::established) names.insert(name);
    }
    return names;
}

bgp::WantedRoutes Controller::wanted_routes() const {
    bgp::WantedRoutes routes;
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            if (address.wanted) routes[bgp::Prefix::host(address.address)] = address.wanted;
        }
    }
    for (const auto& departure : departing_vips_) {
        for (const auto& address : departure.addresses) {
            if (address.wanted) routes[bgp::Prefix::host(address.address)] = address.wanted;
        }
    }
    return routes;
}

void Controller::note_drain(PoolPlace place, TimePoint now) {
    const auto& service = model_.services[place.service];
    const auto& pool = service.pools[place.pool];
    std::optional<TimePoint> earliest;
    for (const auto* servers : {&pool.servers, &pool.leaving}) {
        for (const auto& server : *servers) {
            if (!server.leaving_since || !server.in_kernel) continue;
            const auto when = drain_deadline(leaving_server(server), drain_rules(service.config));
            if (when > now) earliest = earlier(earliest, when);
        }
    }
    drains_.set(place, earliest);
}

}  // namespace vipd
