#include "src/control/controller.hpp"

#include "src/base/overloaded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace vipd {
namespace {

using monitors::Health;

std::string subject(const Service& service, const Server& server) {
    return service.name + "/" + server.name;
}

std::string subject(const Service& service, const Pool& pool) {
    return fmt::format("{} {}", service.name, to_string(pool.vip_address.family()));
}

std::vector<PoolMember> members_of(const Pool& pool, bool start_deadline_passed) {
    std::vector<PoolMember> members;
    members.reserve(pool.servers.size());
    for (const auto& server : pool.servers) {
        PoolMember member;
        member.name = server.name;
        member.health = server.health.health;
        member.health_reason = server.health.reason;
        member.admin = server.admin;
        member.admin_reason = server.admin_reason;
        member.weight = server.weight;
        member.adopted_weight = server.adopted_weight;
        member.went_down = server.went_down;
        // Nothing was heard of it for as long as first verdicts are waited for: it may be held, but
        // not trusted.
        if (start_deadline_passed && member.adopted_weight && member.health == Health::unknown) {
            member.health = Health::down;
            member.health_reason = {"never-judged", "no verdict since the start"};
        }
        members.push_back(std::move(member));
    }
    return members;
}

PoolRules rules_of(const ServiceConfig& service, const IpvsConfig& ipvs) {
    return {service.depool_threshold, ipvs.on_down == IpvsConfig::OnDown::quiesce, false};
}

FitnessInput fitness_input(const Pool& pool) {
    const auto up_programmed = std::ranges::count_if(pool.servers, [](const Server& server) {
        return server.admin == Admin::enabled && server.health.health == Health::up &&
               server.carries_traffic();
    });
    return {.up = pool.decision.up,
            .enabled = pool.decision.enabled,
            .floor = pool.decision.floor,
            .programmed = pool.programmed,
            .up_programmed = static_cast<std::size_t>(up_programmed),
            .refused = pool.refused,
            .was_fit = pool.fitness.fit};
}

ipvs::Service wanted_service(const Service& service, const Pool& pool) {
    ipvs::Service wanted;
    wanted.options = service.config.options;
    for (std::size_t i = 0; i < pool.servers.size(); ++i) {
        const auto weight = pool.decision.members[i].kernel_weight;
        if (!weight) continue;
        ipvs::Destination destination;
        destination.forwarding = service.config.forwarding;
        destination.tunnel = service.config.tunnel;
        destination.weight = *weight;
        wanted.destinations[pool.servers[i].destination] = destination;
    }
    return wanted;
}

/// Traffic shall go elsewhere before it must: RFC 8326, and the worst preference for routers that
/// do not know it.
bgp::RouteAttributes leaving_attributes(bgp::RouteAttributes attributes) {
    attributes.med = 0xffffffffU;
    attributes.local_pref = 0;
    attributes.communities.push_back(bgp::graceful_shutdown);
    std::ranges::sort(attributes.communities);
    const auto repeated = std::ranges::unique(attributes.communities);
    attributes.communities.erase(repeated.begin(), repeated.end());
    return attributes;
}

}  // namespace

Controller::Controller(Config config, TimePoint now)
    : config_(std::move(config)),
      model_(build_model(config_, 1, now)),
      started_(now),
      start_deadline_(now + start_deadline(config_)),
      stop_(config_.stop),
      service_views_(model_.services.size()),
      vip_views_(model_.vips.size()) {
    for (auto& service : model_.services) {
        for (auto& pool : service.pools) {
            for (auto& server : pool.servers) {
                for (const auto& probe : server.probes)
                    outputs_.probes.push_back(probe.plan);
                if (server.probes.empty()) server.health = judge({});
            }
        }
    }
}

// --- what was found ---

void Controller::handle(const monitors::Verdict& verdict, TimePoint now) {
    const auto found = model_.probes.find(verdict.id);
    if (found == model_.probes.end()) return;  // of a monitor that a reload has removed
    const auto place = found->second;
    auto& service = model_.services[place.service];
    auto& pool = service.pools[place.pool];
    auto& server = pool.servers[place.server];
    auto& probe = server.probes[place.probe];
    probe.verdict.health = verdict.health;
    probe.verdict.reason = verdict.because_of.reason;
    probe.since = verdict.because_of.finished;
    service_views_[place.service].reset();

    judge_server(service, pool, server,
                 fmt::format("{}: {}", probe.verdict.type, verdict.because_of.reason.text), now);
    decide_pool_of({place.service, place.pool}, pool.last_event, now);
}

void Controller::judge_server(const Service& service, Pool& pool, Server& server,
                              std::string because, TimePoint now) {
    std::vector<MonitorVerdict> verdicts;
    for (const auto& probe : server.probes)
        verdicts.push_back(probe.verdict);
    auto judged = judge(verdicts);
    const auto before = std::exchange(server.health, std::move(judged)).health;
    if (before == server.health.health) return;

    server.health_since = now;
    server.adopted_weight.reset();
    if (before == Health::up && server.health.health == Health::down) server.went_down = now;
    pool.last_event =
        events_.add(fmt::format("server-{}", monitors::to_string(server.health.health)),
                    subject(service, server), std::move(because));
}

void Controller::handle(const ipvs::KernelReport& report, TimePoint now) {
    observe_kernel(report);
    if (report.read_error) return;
    if (report.table) {
        observe_table(*report.table);
        if (!kernel_read_) {
            adopt(*report.table);
            kernel_read_ = true;
            begin(now);
        }
    }
    for (const auto& applied : report.applied)
        observe_applied(applied);
    observe_refusals(report);
    observe_addresses(report);
    decide_touched(report, now);
    advance_stop(now);
}

/// A table read anew may have changed anything; otherwise only what was acknowledged or refused.
void Controller::decide_touched(const ipvs::KernelReport& report, TimePoint now) {
    if (report.table) return decide_everything(now);
    std::set<std::pair<std::size_t, std::size_t>> touched;
    for (const auto& applied : report.applied) {
        const auto found = model_.pools.find(ipvs::service_of(applied.change));
        if (found != model_.pools.end()) touched.emplace(found->second.service, found->second.pool);
    }
    for (const auto& [service, pool] : touched)
        decide_pool_of({service, pool}, std::nullopt, now);
    if (report.addresses.empty() && report.address_errors.empty()) return;
    for (std::size_t v = 0; v < model_.vips.size(); ++v)
        decide_vip(v, std::nullopt, now);
}

void Controller::handle(const bgp::SpeakerEvent& event, TimePoint now) {
    const auto find_addresses = [this](auto&& act) {
        for (std::size_t v = 0; v < model_.vips.size(); ++v) {
            for (auto& address : model_.vips[v].addresses) {
                if (act(address)) vip_views_[v].reset();
            }
        }
    };
    std::visit(overloaded{
                   [&](const bgp::PeerChanged& changed) {
                       auto& known = peers_[changed.status.name];
                       if (!known || known->state != changed.status.state) {
                           events_.add("peer-" + std::string(bgp::to_string(changed.status.state)),
                                       changed.status.name, changed.status.reason_text);
                       }
                       known = std::make_shared<const bgp::PeerStatus>(changed.status);
                   },
                   [&](const bgp::RoutesWritten& written) {
                       const std::set<bgp::Prefix> advertised(written.advertised.begin(),
                                                              written.advertised.end());
                       const std::set<bgp::Prefix> withdrawn(written.withdrawn.begin(),
                                                             written.withdrawn.end());
                       find_addresses([&](VipAddress& address) {
                           const auto prefix = bgp::Prefix::host(address.address);
                           if (advertised.contains(prefix)) {
                               return address.advertised_to.insert(written.peer).second;
                           }
                           return withdrawn.contains(prefix) &&
                                  address.advertised_to.erase(written.peer) > 0;
                       });
                   },
                   [&](const bgp::RoutesLost& lost) {
                       find_addresses([&](VipAddress& address) {
                           return address.advertised_to.erase(lost.peer) > 0;
                       });
                   },
               },
               event);
    advance_stop(now);
}

// --- the kernel's side ---

void Controller::begin(TimePoint now) {
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            outputs_.kernel.addresses[{vip.config.interface, address.address}] = true;
        }
    }
    events_.add("kernel-read", config_.node, "the kernel's table was read");
    decide_everything(now);
}

void Controller::adopt(const ipvs::Table& table) {
    for (auto& service : model_.services) {
        for (auto& pool : service.pools) {
            const auto found = table.find(pool.key);
            if (found == table.end()) continue;
            for (auto& server : pool.servers) {
                const auto destination = found->second.destinations.find(server.destination);
                if (destination == found->second.destinations.end()) continue;
                if (server.health.health != Health::unknown) continue;
                server.adopted_weight = destination->second.weight;
            }
        }
    }
}

void Controller::observe_kernel(const ipvs::KernelReport& report) {
    kernel_error_.reset();
    if (report.read_error) {
        kernel_error_ = "reading the table failed: " + report.read_error->text;
        kernel_in_sync_ = false;
        return;
    }
    kernel_in_sync_ = report.in_sync;
    drift_ += report.drift.size();
    for (const auto& change : report.drift) {
        events_.add("drift", ipvs::to_string(ipvs::service_of(change)),
                    "somebody else changed our table; to repair it: " + to_string(change));
    }
}

void Controller::observe_table(const ipvs::Table& table) {
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        for (auto& pool : model_.services[s].pools) {
            const auto found = table.find(pool.key);
            pool.programmed = found != table.end();
            for (auto& server : pool.servers) {
                server.in_kernel.reset();
                if (!pool.programmed) continue;
                const auto destination = found->second.destinations.find(server.destination);
                if (destination != found->second.destinations.end()) {
                    server.in_kernel = destination->second;
                }
            }
        }
        service_views_[s].reset();
    }
}

void Controller::observe_applied(const ipvs::Applied& applied) {
    ++kernel_writes_;
    const auto found = model_.pools.find(ipvs::service_of(applied.change));
    if (applied.error) {
        events_.add("kernel-refused", ipvs::to_string(ipvs::service_of(applied.change)),
                    to_string(applied.change) + ": " + applied.error->text);
        return;
    }
    if (found == model_.pools.end()) return;
    const auto place = found->second;
    auto& pool = model_.services[place.service].pools[place.pool];
    service_views_[place.service].reset();
    const auto set = [&](const ipvs::DestinationKey& key, std::optional<ipvs::Destination> value) {
        for (auto& server : pool.servers) {
            if (server.destination == key) server.in_kernel = value;
        }
    };
    std::visit(overloaded{
                   [&](const ipvs::AddService&) { pool.programmed = true; },
                   [&](const ipvs::EditService&) {},
                   [&](const ipvs::RemoveService&) {
                       pool.programmed = false;
                       for (auto& server : pool.servers)
                           server.in_kernel.reset();
                   },
                   [&](const ipvs::AddDestination& add) { set(add.key, add.destination); },
                   [&](const ipvs::EditDestination& edit) { set(edit.key, edit.destination); },
                   [&](const ipvs::RemoveDestination& remove) { set(remove.key, std::nullopt); },
               },
               applied.change);
}

void Controller::observe_refusals(const ipvs::KernelReport& report) {
    refusals_ = report.refusals;
    for (auto& service : model_.services) {
        for (auto& pool : service.pools)
            pool.refused.reset();
    }
    for (const auto& refusal : refusals_) {
        const auto* add = std::get_if<ipvs::AddService>(&refusal.change);
        if (add == nullptr) continue;
        const auto found = model_.pools.find(add->service);
        if (found == model_.pools.end()) continue;
        model_.services[found->second.service].pools[found->second.pool].refused =
            refusal.error.text;
    }
}

void Controller::observe_addresses(const ipvs::KernelReport& report) {
    for (std::size_t v = 0; v < model_.vips.size(); ++v) {
        auto& vip = model_.vips[v];
        for (auto& address : vip.addresses) {
            const ipvs::VipAddress key{vip.config.interface, address.address};
            if (const auto found = report.addresses.find(key); found != report.addresses.end()) {
                if (address.present != found->second) vip_views_[v].reset();
                address.present = found->second;
                address.error.reset();
            }
            if (const auto found = report.address_errors.find(key);
                found != report.address_errors.end()) {
                address.error = found->second.text;
                vip_views_[v].reset();
            }
        }
    }
}

// --- decisions ---

void Controller::decide_everything(TimePoint now) {
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        for (std::size_t p = 0; p < model_.services[s].pools.size(); ++p) {
            decide_pool_of({s, p}, std::nullopt, now);
        }
    }
    for (std::size_t v = 0; v < model_.vips.size(); ++v)
        decide_vip(v, std::nullopt, now);
}

void Controller::decide_pool_of(PoolPlace place, std::optional<EventId> cause, TimePoint now) {
    if (!kernel_read_) return;  // nothing is wanted before it is known what is there
    auto& service = model_.services[place.service];
    auto& pool = service.pools[place.pool];
    if (cause) pool.last_event = cause;

    auto decision = decide_pool(members_of(pool, start_deadline_passed_),
                                rules_of(service.config, config_.ipvs));
    const auto before = std::exchange(pool.decision, std::move(decision));
    if (before != pool.decision) {
        service_views_[place.service].reset();
        note_placements(service, pool, before);
    }
    want_pool(pool);

    auto fitness =
        decide_fitness(fitness_input(pool), {service.config.min_up, service.config.min_up_share});
    const auto was = std::exchange(pool.fitness, std::move(fitness));
    if (was == pool.fitness) return;
    service_views_[place.service].reset();
    note_fitness(service, pool, was, now);
    decide_vip(model_.vip_of(service), pool.last_event, now);
}

void Controller::note_placements(const Service& service, Pool& pool, const PoolDecision& before) {
    for (std::size_t i = 0; i < pool.servers.size(); ++i) {
        const auto& decided = pool.decision.members[i];
        const auto was =
            i < before.members.size() ? before.members[i].placement : Placement::depooled;
        if (was == decided.placement) continue;
        pool.last_event =
            events_.add(fmt::format("server-{}", to_string(decided.placement)),
                        subject(service, pool.servers[i]), decided.reason.text, pool.last_event);
    }
}

void Controller::note_fitness(const Service& service, Pool& pool, const Fitness& before,
                              TimePoint now) {
    if (before.fit == pool.fitness.fit) return;
    pool.fit_since = now;
    pool.last_event =
        events_.add(pool.fitness.fit ? "service-fit" : "service-unfit", subject(service, pool),
                    pool.fitness.reason.text, pool.last_event);
}

void Controller::want_pool(Pool& pool) {
    const auto place = model_.pools.at(pool.key);
    auto wanted = wanted_service(model_.services[place.service], pool);
    if (pool.wanted == wanted || stop_.phase() >= StopPhase::dataplane) return;
    outputs_.kernel.services[pool.key] = wanted;
    pool.wanted = std::move(wanted);
}

void Controller::decide_vip(std::size_t index, std::optional<EventId> cause, TimePoint now) {
    auto& vip = model_.vips[index];
    for (auto& address : vip.addresses) {
        const auto before = std::pair(address.memory, address.reason);
        decide_address(vip, address, cause, now);
        if (before != std::pair(address.memory, address.reason)) vip_views_[index].reset();
    }
}

void Controller::decide_address(Vip& vip, VipAddress& address, std::optional<EventId> cause,
                                TimePoint now) {
    std::vector<ServiceFitness> services;
    for (const auto s : vip.services) {
        const auto& service = model_.services[s];
        for (const auto& pool : service.pools) {
            if (pool.vip_address != address.address && !vip.config.families_together) continue;
            services.push_back(
                {subject(service, pool), pool.fitness.fit, pool.fitness.reason, all_judged(pool)});
        }
    }
    AnnounceInput input;
    input.services = services;
    input.present = vip.config.families_together
                        ? std::ranges::all_of(vip.addresses, &VipAddress::present)
                        : address.present;
    input.start_deadline_passed = start_deadline_passed_;
    if (stop_.phase() != StopPhase::running) {
        input.leaving = stop_.phase() == StopPhase::draining ? AnnounceInput::Leaving::draining
                                                             : AnnounceInput::Leaving::withdrawn;
        input.leaving_reason = {"stopping", "vipd is stopping"};
    }

    const AnnounceRules rules{vip.config.when.value_or(AnnounceWhen{}), vip.config.hold_down};
    auto decision = decide_announcement(input, rules, address.memory, now);
    const auto before = std::exchange(address.memory, decision.memory).announcement;
    address.reason = std::move(decision.reason);
    address.deadline = decision.deadline;

    std::optional<bgp::RouteAttributes> route;
    if (decision.announcement() == Announcement::announced) route = vip.config.attributes;
    if (decision.announcement() == Announcement::draining) {
        route = leaving_attributes(vip.config.attributes);
    }
    want_route(address, std::move(route));
    if (before == decision.announcement()) return;
    address.since = now;
    events_.add(fmt::format("vip-{}", to_string(decision.announcement())),
                fmt::format("{} {}", vip.name, address.address.to_string()), address.reason.text,
                cause);
}

void Controller::want_route(VipAddress& address, std::optional<bgp::RouteAttributes> route) {
    if (address.wanted == route) return;
    address.wanted = route;
    outputs_.routes[bgp::Prefix::host(address.address)] = std::move(route);
}

// --- time and the planned stop ---

void Controller::tick(TimePoint now) {
    if (!start_deadline_passed_ && now >= start_deadline_) {
        start_deadline_passed_ = true;
        decide_everything(now);
    }
    for (std::size_t v = 0; v < model_.vips.size(); ++v) {
        const bool due =
            std::ranges::any_of(model_.vips[v].addresses, [&](const VipAddress& address) {
                return address.deadline && *address.deadline <= now;
            });
        if (due) decide_vip(v, std::nullopt, now);
    }
    advance_stop(now);
}

std::optional<TimePoint> Controller::deadline() const {
    std::optional<TimePoint> earliest = stop_.deadline();
    const auto consider = [&](TimePoint when) {
        earliest = std::min(earliest.value_or(when), when);
    };
    if (!start_deadline_passed_) consider(start_deadline_);
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            if (address.deadline) consider(*address.deadline);
        }
    }
    return earliest;
}

void Controller::request_stop(TimePoint now) {
    const bool first = stop_.phase() == StopPhase::running;
    stop_.request(now);
    events_.add("stop-requested", config_.node,
                first ? "a planned stop begins" : "asked again: the waits are skipped");
    if (first) enter_stop_phase(now);
    advance_stop(now);
}

void Controller::sessions_closed(TimePoint now) {
    sessions_closed_ = true;
    advance_stop(now);
}

void Controller::advance_stop(TimePoint now) {
    while (stop_.phase() != StopPhase::running && stop_.advance(stop_progress(), now)) {
        enter_stop_phase(now);
    }
}

void Controller::enter_stop_phase(TimePoint now) {
    events_.add("stop-phase", config_.node, std::string(to_string(stop_.phase())));
    switch (stop_.phase()) {
        case StopPhase::running:
        case StopPhase::settling:
            return;
        case StopPhase::draining:
        case StopPhase::withdrawing:
            for (std::size_t v = 0; v < model_.vips.size(); ++v)
                decide_vip(v, std::nullopt, now);
            return;
        case StopPhase::ceasing:
            outputs_.close_sessions = true;
            return;
        case StopPhase::dataplane:
            want_nothing_in_kernel();
            return;
        case StopPhase::done:
            outputs_.finished = true;
            return;
    }
}

void Controller::want_nothing_in_kernel() {
    if (config_.ipvs.on_stop == IpvsConfig::OnStop::keep || !kernel_read_) return;
    for (auto& service : model_.services) {
        for (auto& pool : service.pools) {
            outputs_.kernel.services[pool.key] = std::nullopt;
            pool.wanted.reset();
        }
    }
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            outputs_.kernel.addresses[{vip.config.interface, address.address}] = false;
        }
    }
}

StopProgress Controller::stop_progress() const {
    std::set<std::string> told;
    bool present = false;
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            told.insert(address.advertised_to.begin(), address.advertised_to.end());
            present = present || address.present;
        }
    }
    const bool programmed = std::ranges::any_of(model_.services, [](const Service& service) {
        return std::ranges::any_of(service.pools, &Pool::programmed);
    });
    const bool keep = config_.ipvs.on_stop == IpvsConfig::OnStop::keep || !kernel_read_;
    return {.peers_told = told.size(),
            .sessions_closed = sessions_closed_ || !config_.bgp,
            .dataplane_settled = keep || (!programmed && !present)};
}

Outputs Controller::take_outputs() {
    outputs_.events = events_.take();
    return std::exchange(outputs_, {});
}

}  // namespace vipd
