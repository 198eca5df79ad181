// What the controller remembers across a restart, and what it makes of it at the next start.

#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

using monitors::Health;

/// Saved health is believed for 30 s at least (health_is_fresh): a third of that leaves room for a
/// slow disk.
constexpr Duration refresh_interval{10000};

bool freshly_judged(const Server& server) {
    return server.admin != Admin::enabled ||
           std::ranges::all_of(server.probes, [](const ProbeState& probe) {
               return !probe.restored && probe.verdict.health != Health::unknown;
           });
}

/// Between the steady clock of this process and the wall clock that survives it.
class Clocks {
public:
    Clocks(TimePoint now, WallTime wall) : now_(now), wall_(wall) {}

    TimePoint steady(WallTime when) const {
        return now_ + std::chrono::duration_cast<Clock::duration>(when - wall_);
    }
    WallTime wall(TimePoint when) const {
        return wall_ + std::chrono::duration_cast<WallTime::duration>(when - now_);
    }
    std::optional<TimePoint> steady(const std::optional<WallTime>& when) const {
        return when ? std::optional(steady(*when)) : std::nullopt;
    }
    std::optional<WallTime> wall(const std::optional<TimePoint>& when) const {
        return when ? std::optional(wall(*when)) : std::nullopt;
    }

private:
    TimePoint now_;
    WallTime wall_;
};

Duration longest_interval(const ServiceConfig& service) {
    Duration longest{0};
    for (const auto& monitor : service.monitors)
        longest = std::max(longest, monitor.interval);
    return longest;
}

void restore_health(Server& server, const SavedServer& saved, const Clocks& clocks) {
    if (saved.monitors.size() != server.probes.size()) return;  // judged by other monitors then
    for (std::size_t i = 0; i < server.probes.size(); ++i) {
        auto& probe = server.probes[i];
        probe.plan.initial = saved.monitors[i];
        probe.verdict.health = saved.monitors[i];
        probe.verdict.reason = {"restored", "as it was before the restart"};
        probe.restored = saved.monitors[i] != Health::unknown;
    }
    server.health = judge(server);
    server.health_since = clocks.steady(saved.since);
}

SavedServer saved_server(const Server& server, const Clocks& clocks) {
    SavedServer saved;
    saved.health = server.health.health;
    for (const auto& probe : server.probes)
        saved.monitors.push_back(probe.verdict.health);
    saved.since = clocks.wall(server.health_since);
    saved.went_down = clocks.wall(server.went_down);
    return saved;
}

std::shared_ptr<const SavedService> saved_service(const Service& service, const Clocks& clocks) {
    auto saved = std::make_shared<SavedService>();
    for (const auto& pool : service.pools) {
        for (const auto& server : pool.servers) {
            (*saved)[{server.name, server.destination.address.family()}] =
                saved_server(server, clocks);
        }
    }
    return saved;
}

}  // namespace

void Controller::restore(const State& state, const std::string& boot_id, TimePoint now,
                         WallTime wall) {
    const Clocks clocks(now, wall);
    owned_services_ = state.owned_services;
    owned_addresses_ = state.owned_addresses;
    for (const auto& [name, saved] : state.overrides) {
        if (saved.until && *saved.until <= wall) continue;
        overrides_[{name.first, name.second}] = {saved.state, saved.who, saved.why, saved.since,
                                                 clocks.steady(saved.until)};
    }
    for (const auto& [vip, saved] : state.maintenance) {
        if (saved.until && *saved.until <= wall) continue;
        maintenance_[vip] = {clocks.steady(saved.since), saved.who, saved.why,
                             clocks.steady(saved.until)};
    }
    for (const auto& [file, good_at] : state.lists)
        lists_[file].good_at = clocks.steady(good_at);
    restore_names(state, now, wall);
    for (auto& vip : model_.vips) {
        for (auto& address : vip.addresses) {
            address.memory.last_announced = state.announced.contains(address.address);
        }
    }
    for (auto& service : model_.services) {
        const auto saved = state.services.find(service.name);
        // What was announced was fit: it stays so by the rule for staying, not the one for
        // becoming.
        for (auto& pool : service.pools)
            pool.fitness.fit = state.announced.contains(pool.vip_address);
        if (saved == state.services.end()) continue;
        const bool fresh = health_is_fresh(state, boot_id, wall, longest_interval(service.config));
        restore_service(service, *saved->second, fresh, now, wall);
    }
    apply_overrides();
    start_all_probes();
}

/// A restart changes no address: what was last known counts until the DNS says something else.
void Controller::restore_names(const State& state, TimePoint now, WallTime wall) {
    if (state.names.empty()) return;
    const Clocks clocks(now, wall);
    for (const auto& [name, saved] : state.names)
        names_.restore(name, saved.addresses, clocks.steady(saved.good_at));
    config_ = with_addresses(std::move(config_), names_.addresses());
    model_ = build_model(config_, next_probe_, now);
    follow_control();
}

void Controller::restore_service(Service& service, const SavedService& saved, bool fresh,
                                 TimePoint now, WallTime wall) {
    const Clocks clocks(now, wall);
    for (auto& pool : service.pools) {
        for (auto& server : pool.servers) {
            const auto found = saved.find({server.name, server.destination.address.family()});
            if (found == saved.end()) continue;
            server.went_down = clocks.steady(found->second.went_down);
            if (fresh) restore_health(server, found->second, clocks);
        }
    }
}

/// The table is written at once, and state a moment later, or much later where that fails: where
/// the two tell different stories, the table's is the newer one, and servers stay as they are in it
/// until they are judged. Servers that are held are down and in the table all the same, so the
/// whole pool is looked at before one of them is.
void Controller::compare_saved_health(PoolPlace place, TimePoint now) {
    auto& service = model_.services[place.service];
    auto& servers = service.pools[place.pool].servers;
    auto rules = pool_rules(place, now);
    rules.may_leave = std::nullopt;  // would hold whatever is there
    describe_members(place, now);
    const auto decision = decide_pool(members_, rules);
    const auto is_explained = [](const Server& server, const MemberDecision& decided) {
        return !server.is_enabled() ||
               server.carries_traffic() == (decided.placement != Placement::depooled);
    };
    if (std::ranges::equal(servers, decision.members, is_explained)) return;
    for (auto& server : servers) {
        if (server.is_enabled() && server.carries_traffic() != server.counts_as_up())
            forget_saved_health(service, server);
    }
}

void Controller::forget_saved_health(const Service& service, Server& server) {
    const auto before = server.health.health;
    for (auto& probe : server.probes) {
        if (!std::exchange(probe.restored, false)) continue;
        probe.plan.initial = Health::unknown;
        probe.verdict.health = Health::unknown;
        probe.verdict.reason = {};
        if (probe.may_run()) outputs_.probes.push_back(probe.plan);
    }
    server.health = judge(server);
    if (server.health.health == before) return;
    server.health_since.reset();
    if (server.in_kernel) server.adopted_weight = server.in_kernel->weight;
    events_.add(fmt::format("server-{}", monitors::to_string(server.health.health)),
                subject(service, server),
                fmt::format("was {} when state was last saved; the kernel's table is newer",
                            monitors::to_string(before)));
}

/// Nothing may change for hours, and what was saved then would be too old to be believed after a
/// crash. Without probes there is no health to keep.
void Controller::keep_saved_health_fresh(TimePoint now) {
    if (!save_due_ || now < *save_due_) return;
    save_due_ = now + refresh_interval;
    if (!model_.probes.empty()) outputs_.save_state = true;
}

State Controller::state(TimePoint now, WallTime wall) {
    const Clocks clocks(now, wall);
    save_due_ = now + refresh_interval;
    State state;
    state.owned_services = owned_services_;
    state.owned_addresses = owned_addresses_;
    for (const auto& [name, override] : overrides_) {
        state.overrides[{name.service, name.server}] = {override.state, override.who, override.why,
                                                        override.since,
                                                        clocks.wall(override.until)};
    }
    for (const auto& [vip, entry] : maintenance_) {
        state.maintenance[vip] = {Admin::draining, entry.who, entry.why, clocks.wall(entry.since),
                                  clocks.wall(entry.until)};
    }
    for (const auto& [file, list] : lists_) {
        if (list.good_at) state.lists.emplace(file, clocks.wall(*list.good_at));
    }
    for (const auto& [name, entry] : names_.all()) {
        if (entry.good_at) state.names[name] = {entry.addresses, clocks.wall(*entry.good_at)};
    }
    saved_services_.resize(model_.services.size());
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        if (!saved_services_[s]) saved_services_[s] = saved_service(model_.services[s], clocks);
        state.services[model_.services[s].name] = saved_services_[s];
    }
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            if (address.memory.announcement == Announcement::announced) {
                state.announced.insert(address.address);
            }
        }
    }
    return state;
}

bool Controller::finds_its_own(const ipvs::Table& table) const {
    return std::ranges::any_of(model_.pools, [&](const auto& pool) {
        const auto found = table.find(pool.first);
        return found != table.end() && !found->second.destinations.empty();
    });
}

void Controller::state_saved(std::optional<std::string> problem) {
    if (state_unsaved_.has_value() != problem.has_value()) {
        events_.add(problem ? "state-unsaved" : "state-saved", config_.state_dir,
                    problem.value_or("state can be saved again"));
    }
    state_unsaved_ = std::move(problem);
}

/// What vipd made in an earlier run and nobody configures any more.
void Controller::remove_orphans() {
    for (const auto& key : owned_services_) {
        if (!model_.pools.contains(key) && !paths_.owns(key))
            outputs_.kernel.services[key] = std::nullopt;
    }
    for (const auto& address : owned_addresses_) {
        if (!outputs_.kernel.addresses.contains(address))
            outputs_.kernel.addresses[address] = false;
    }
}

/// Entries are ours from when we first want them until the kernel has acknowledged that they are
/// gone.
void Controller::note_ownership(const ipvs::WantedChange& wanted) {
    for (const auto& [key, service] : wanted.services) {
        if (service) owned_services_.insert(key);
    }
    for (const auto& [address, present] : wanted.addresses) {
        if (present) owned_addresses_.insert(address);
    }
}

bool Controller::initial_set_complete() {
    if (initial_set_complete_ || !kernel_read_) return false;
    initial_set_complete_ = start_deadline_passed_ || (all_answered() && all_probed());
    return initial_set_complete_;
}

/// What waits for the kernel is not announced yet, and must not be forgotten by the routers
/// meanwhile.
bool Controller::all_answered() const {
    return kernel_in_sync_ && std::ranges::all_of(model_.vips, [](const Vip& vip) {
               return std::ranges::all_of(vip.addresses, [](const VipAddress& address) {
                   return address.present || address.error;
               });
           });
}

/// Asked after each of a first round of verdicts: begins where the last look stopped, and looks at
/// everything only once that came to the end, for reloads and operators move what was passed.
bool Controller::all_probed() {
    const auto settled = [](const Service& service) {
        return std::ranges::all_of(service.pools, [](const Pool& pool) {
            return std::ranges::all_of(pool.servers, freshly_judged);
        });
    };
    const auto& services = model_.services;
    while (probed_services_ < services.size() && settled(services[probed_services_]))
        ++probed_services_;
    if (probed_services_ < services.size()) return false;
    probed_services_ = 0;
    return std::ranges::all_of(services, settled);
}

}  // namespace vipd
