// The controller's picture of the kernel: what the kernel thread read, applied and was refused.

#include "src/control/controller.hpp"

#include <optional>

namespace vipd {

using monitors::Health;

namespace {

std::optional<ipvs::Destination> find_destination(const ipvs::Service& service,
                                                  const ipvs::DestinationKey& key) {
    const auto found = service.destinations.find(key);
    return found == service.destinations.end() ? std::nullopt : std::optional(found->second);
}

template <class Act>
void each_server(Pool& pool, Act act) {
    for (auto* servers : {&pool.servers, &pool.leaving}) {
        for (auto& server : *servers)
            act(server);
    }
}

/// Whether it is otherwise than it was known to be. `service`: as the kernel has it, if it has.
bool observe_pool(Pool& pool, const ipvs::Service* service, TimePoint now) {
    bool changed = pool.programmed != (service != nullptr);
    pool.programmed = service != nullptr;
    each_server(pool, [&](Server& server) {
        std::optional<ipvs::Destination> read;
        if (service != nullptr) read = find_destination(*service, server.destination);
        if (server.in_kernel == read) return;
        changed = true;
        server.acknowledge(std::move(read), now);
    });
    return changed;
}

/// Whether a server that is leaving has other connections than were known.
bool count_connections(Pool& pool, const ipvs::KernelReport& report) {
    const auto counted = report.statistics->find(pool.key);
    if (counted == report.statistics->end()) return false;
    const auto& destinations = counted->second.destinations;
    bool changed = false;
    each_server(pool, [&](Server& server) {
        const auto found = destinations.find(server.destination);
        if (found == destinations.end()) return;
        const auto& counts = found->second;
        changed = changed || (server.leaving_since &&
                              (!server.connections ||
                               server.connections->active != counts.active_connections ||
                               server.connections->inactive != counts.inactive_connections));
        server.connections = Connections{counts.active_connections, counts.inactive_connections,
                                         report.counted_since};
    });
    return changed;
}

}  // namespace

void Controller::begin(TimePoint now) {
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            outputs_.kernel.addresses[{vip.config.interface, address.address}] = true;
        }
    }
    need_paths(now);
    if (config_.ipvs.timeouts != ipvs::Timeouts{}) outputs_.kernel.timeouts = config_.ipvs.timeouts;
    remove_orphans();
    events_.add("kernel-read", config_.node, "the kernel's table was read");
    decide_everything(now);
}

void Controller::adopt(const ipvs::Table& table, TimePoint now) {
    paths_.adopt(table, config_.monitors.vip_paths);
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        auto& service = model_.services[s];
        for (std::size_t p = 0; p < service.pools.size(); ++p) {
            auto& pool = service.pools[p];
            const auto found = table.find(pool.key);
            if (found == table.end()) continue;
            for (auto& server : pool.servers) {
                const auto destination = find_destination(found->second, server.destination);
                if (!destination || server.health.health != Health::unknown) continue;
                server.adopted_weight = destination->weight;
            }
            compare_saved_health({s, p}, now);
            if (service.config.unresolved.empty()) continue;
            pool.unclaimed = found->second.destinations;
            for (const auto& server : pool.servers)
                pool.unclaimed.erase(server.destination);
        }
    }
}

void Controller::observe_kernel(const ipvs::KernelReport& report, TimePoint now) {
    kernel_error_.reset();
    if (report.read_error) {
        kernel_error_ = "reading the table failed: " + report.read_error->text;
        kernel_in_sync_ = false;
        return;
    }
    kernel_in_sync_ = report.in_sync;
    if (report.timeouts_error) {
        timeouts_error_ = report.timeouts_error->text;
    } else if (report.statistics) {
        timeouts_error_.reset();  // the sweep has looked at them again
    }
    drift_ += report.drift.size();
    for (const auto& change : report.drift) {
        last_drift_ = {ipvs::to_string(ipvs::service_of(change)),
                       "somebody else changed our table; to repair it: " + to_string(change), now};
        events_.add("drift", last_drift_->subject, last_drift_->text);
    }
}

/// A sweep that finds nothing new must not make every view be rendered anew.
void Controller::observe_table(const ipvs::Table& table, TimePoint now) {
    const auto in_table = [&table](const Pool& pool) {
        const auto found = table.find(pool.key);
        return found == table.end() ? nullptr : &found->second;
    };
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        for (auto& pool : model_.services[s].pools) {
            if (observe_pool(pool, in_table(pool), now)) service_views_[s].reset();
        }
    }
    for (auto& departure : departing_services_)
        observe_pool(departure.pool, in_table(departure.pool), now);
    paths_changed_ = paths_.observe(table) || paths_changed_;
}

/// Also what needed no write: of a service that was removed and is wanted again, it may not be
/// known here any more that the kernel has it.
void Controller::observe_services(const ipvs::KernelReport& report, TimePoint now) {
    for (const auto& [key, read] : report.services) {
        const auto* service = read ? &*read : nullptr;
        paths_changed_ = paths_.observe(key, read) || paths_changed_;
        for (auto& departure : departing_services_) {
            if (departure.pool.key == key) observe_pool(departure.pool, service, now);
        }
        const auto found = model_.pools.find(key);
        if (found == model_.pools.end()) {
            if (service == nullptr) disown(key);
            continue;
        }
        const auto place = found->second;
        auto& pool = model_.services[place.service].pools[place.pool];
        if (observe_pool(pool, service, now)) service_views_[place.service].reset();
    }
}

void Controller::disown(const ipvs::ServiceKey& key) {
    if (owned_services_.erase(key) > 0) outputs_.save_state = true;
}

void Controller::observe_applied(const ipvs::Applied& applied) {
    ++kernel_writes_;
    const auto& key = ipvs::service_of(applied.change);
    if (applied.error) {
        events_.add("kernel-refused", ipvs::to_string(key),
                    to_string(applied.change) + ": " + applied.error->text);
        return;
    }
    // Acknowledgements may be of what was wanted before the last word: ours is what is there.
    if (std::holds_alternative<ipvs::RemoveService>(applied.change)) disown(key);
    if (std::holds_alternative<ipvs::AddService>(applied.change)) owned_services_.insert(key);
}

/// Connections matter only where they are waited for.
void Controller::observe_statistics(const ipvs::KernelReport& report) {
    statistics_ = report.statistics;
    for (const auto& [place, when] : drains_.all()) {
        auto& pool = model_.services[place.service].pools[place.pool];
        if (count_connections(pool, report)) service_views_[place.service].reset();
    }
    for (auto& departure : departing_services_)
        count_connections(departure.pool, report);
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

void Controller::observe_unmade(const ipvs::KernelReport& report) {
    constexpr std::size_t most_shown = 200;
    const auto shown = std::min(report.unmade.size(), most_shown);
    unmade_count_ = report.unmade.size();
    unmade_.assign(report.unmade.begin(),
                   report.unmade.begin() + static_cast<std::ptrdiff_t>(shown));
}

void Controller::observe_addresses(const ipvs::KernelReport& report) {
    for (const auto& [address, present] : report.addresses) {
        if (present) owned_addresses_.insert(address);
        if (!present) owned_addresses_.erase(address);
    }
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

}  // namespace vipd
