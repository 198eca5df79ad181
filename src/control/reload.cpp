// A new configuration, applied as a difference: what stays keeps all that is known of it, what goes
// leaves in order.

#include "src/control/carry_over.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

bool is_configured(const Model& model, const Address& address) {
    return std::ranges::any_of(model.vips, [&](const Vip& vip) {
        return std::ranges::find(vip.addresses, address, &VipAddress::address) !=
               vip.addresses.end();
    });
}

void take_back_address(VipDeparture& departure, VipAddress& address) {
    const auto left = std::ranges::find(departure.addresses, address.address, &VipAddress::address);
    if (left == departure.addresses.end()) return;
    address = *left;
    departure.addresses.erase(left);
}

void take_back_pools(Model& next, std::vector<Pool>& left, TimePoint now) {
    for (auto& service : next.services) {
        for (auto& pool : service.pools) {
            const auto known = std::ranges::find(left, pool.key, &Pool::key);
            if (known == left.end()) continue;
            carry_pool(pool, *known, now);
            left.erase(known);
        }
    }
}

}  // namespace

void Controller::config_rejected(std::string why, TimePoint now) {
    events_.add("config-rejected", config_.node, why);
    ++config_view_.rejected;
    config_view_.tried = now;
    config_view_.problem = std::move(why);
}

void Controller::crash_loop(std::size_t unclean_ends, TimePoint now) {
    auto text = fmt::format(
        "vipd ended uncleanly {} times within {} minutes: routers were not asked to keep our "
        "routes over this start",
        unclean_ends, crash_window.count());
    events_.add("crash-loop", config_.node, text);
    crash_loop_.emplace(now, std::move(text));
}

void Controller::reload(Config config, TimePoint now) {
    ++config_view_.accepted;
    config_view_.tried = config_view_.good_at = now;
    config_view_.problem.reset();
    not_loaded_.clear();
    change_to(std::move(config), now);
}

void Controller::update_lists(Config config, TimePoint now) {
    change_to(std::move(config), now);
}

void Controller::note_lists(const std::vector<StaleList>& stale, TimePoint now) {
    const auto files = list_files(config_);
    std::erase_if(lists_, [&](const auto& list) { return !files.contains(list.first); });
    for (const auto& file : files) {
        auto& list = lists_[file];
        const auto found = std::ranges::find(stale, file, &StaleList::file);
        if (found != stale.end()) {
            if (list.problem != found->why)
                events_.add("source-stale", file,
                            found->why + "; its last good version stays in use");
            list.problem = found->why;
            continue;
        }
        if (list.problem) events_.add("source-good", file, "it can be used again");
        list = {now, std::nullopt};
    }
    outputs_.save_state = true;
}

void Controller::change_to(Config config, TimePoint now) {
    names_.use(host_names(config), now);
    name_views_.reset();
    ask_due_names(now);
    config = with_addresses(std::move(config), names_.addresses());
    auto next = build_model(config, next_probe_, now);
    take_back_departures(next, now);
    carry_over(next, model_, now);
    index(next);

    find_paths(next);
    stop_missing_probes(next);
    start_new_probes(next);
    auto previous = std::exchange(model_, std::move(next));
    if (kernel_read_ && config.ipvs.timeouts != config_.ipvs.timeouts)
        outputs_.kernel.timeouts = config.ipvs.timeouts;
    config_ = std::move(config);
    follow_control();
    service_views_.assign(model_.services.size(), nullptr);
    vip_views_.assign(model_.vips.size(), nullptr);
    saved_services_.clear();
    outputs_.save_state = true;
    drains_.clear();
    pools_due_.clear();
    vips_due_.clear();
    brake_due_ = true;

    if (kernel_read_) need_paths(now);
    apply_overrides();
    forget_missing_peers();
    depart(previous, now);
    want_addresses(previous);
    decide_everything(now);
    advance_departures(now);
}

void Controller::forget_missing_peers() {
    std::erase_if(peers_, [&](const auto& peer) {
        return !config_.bgp || !config_.bgp->peers.contains(peer.first);
    });
    for (auto& vip : model_.vips) {
        for (auto& address : vip.addresses) {
            std::erase_if(address.advertised_to,
                          [&](const std::string& peer) { return !peers_.contains(peer); });
        }
    }
}

void Controller::stop_missing_probes(const Model& next) {
    for (const auto& [id, place] : model_.probes) {
        const auto found = next.probes.find(id);
        const bool goes_on = found != next.probes.end() && probe_at(next, found->second).may_run();
        if (!goes_on && probe_at(model_, place).may_run()) outputs_.stopped_probes.push_back(id);
    }
}

void Controller::start_new_probes(const Model& next) {
    for (const auto& [id, place] : next.probes) {
        const auto& probe = probe_at(next, place);
        if (!probe.may_run()) continue;  // it starts when the kernel has its path
        const auto known = model_.probes.find(id);
        if (known != model_.probes.end()) {
            auto before = probe_at(model_, known->second);
            before.plan.initial = probe.plan.initial;  // only means something at the start
            if (before.may_run() && before.plan == probe.plan) continue;
        }
        outputs_.probes.push_back(probe.plan);
    }
}

/// A reload may bring back what an earlier one removed, before that has finished leaving: two
/// reloads in quick succession end as the second alone would.
void Controller::take_back_departures(Model& next, TimePoint now) {
    for (auto& departure : departing_vips_) {
        for (auto& vip : next.vips) {
            for (auto& address : vip.addresses)
                take_back_address(departure, address);
        }
        take_back_pools(next, departure.pools, now);
    }
    std::erase_if(departing_vips_, [](const VipDeparture& departure) {
        return departure.addresses.empty() && departure.pools.empty();
    });
    for (auto& departure : departing_services_) {
        std::vector<Pool> pools{departure.pool};
        take_back_pools(next, pools, now);
        departure.taken_back = pools.empty();
    }
    std::erase_if(departing_services_, &ServiceDeparture::taken_back);
}

void Controller::depart(const Model& previous, TimePoint now) {
    for (const auto& vip : previous.vips) {
        VipDeparture departure{vip.name, vip.config.interface,      vip.config.attributes, {},
                               {},       StopSequence(config_.stop)};
        for (const auto& address : vip.addresses) {
            if (!is_configured(model_, address.address)) departure.addresses.push_back(address);
        }
        if (departure.addresses.empty()) continue;
        events_.add("vip-removed", vip.name,
                    "no longer in the configuration: leaves in planned order");
        departing_vips_.push_back(std::move(departure));
        departing_vips_.back().sequence.request(now);
        enter_departure_phase(departing_vips_.back());
    }
    for (const auto& [key, place] : previous.pools) {
        if (model_.pools.contains(key)) continue;
        depart_service(previous.services[place.service],
                       previous.services[place.service].pools[place.pool], now);
    }
}

void Controller::depart_service(const Service& service, const Pool& pool, TimePoint now) {
    const auto with_vip = std::ranges::find_if(departing_vips_, [&](const VipDeparture& departure) {
        return std::ranges::find(departure.addresses, pool.vip_address, &VipAddress::address) !=
               departure.addresses.end();
    });
    if (with_vip != departing_vips_.end()) {
        with_vip->pools.push_back(pool);
        return;
    }
    events_.add("service-removed", subject(service, pool),
                "no longer in the configuration: drained first");
    outputs_.kernel.services[pool.key] =
        pool.wanted ? std::optional(emptied(*pool.wanted)) : std::nullopt;
    const bool grace = pool.wanted && service.config.protocol == ipvs::Protocol::tcp;
    departing_services_.push_back({pool, grace ? now + service.config.drain_timeout : now});
    departing_services_.back().pool.wanted = outputs_.kernel.services[pool.key];
}

void Controller::want_addresses(const Model& previous) {
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            outputs_.kernel.addresses[{vip.config.interface, address.address}] = true;
        }
    }
    for (const auto& vip : previous.vips) {
        for (const auto& address : vip.addresses) {
            const ipvs::VipAddress key{vip.config.interface, address.address};
            if (is_configured(model_, address.address) &&
                !outputs_.kernel.addresses.contains(key)) {
                outputs_.kernel.addresses[key] = false;  // it has moved to another interface
            }
        }
    }
}

void Controller::advance_departures(TimePoint now) {
    for (auto& departure : departing_vips_) {
        while (departure.sequence.advance(departure.progress(), now))
            enter_departure_phase(departure);
    }
    std::erase_if(departing_vips_, [](const VipDeparture& departure) {
        return departure.sequence.phase() == StopPhase::done;
    });
    std::erase_if(departing_services_, [&](const ServiceDeparture& departure) {
        if (!departure.is_over(now)) return false;
        outputs_.kernel.services[departure.pool.key] = std::nullopt;
        return true;
    });
}

void Controller::enter_departure_phase(VipDeparture& departure) {
    switch (departure.sequence.phase()) {
        case StopPhase::draining:
            for (auto& address : departure.addresses) {
                if (address.wanted) want_route(address, leaving_attributes(departure.attributes));
            }
            return;
        case StopPhase::withdrawing:
            for (auto& address : departure.addresses)
                want_route(address, std::nullopt);
            return;
        case StopPhase::dataplane:
            for (const auto& pool : departure.pools)
                outputs_.kernel.services[pool.key] = std::nullopt;
            for (const auto& address : departure.addresses) {
                outputs_.kernel.addresses[{departure.interface, address.address}] = false;
            }
            return;
        case StopPhase::running:
        case StopPhase::settling:
        case StopPhase::ceasing:
        case StopPhase::done:
            return;
    }
}

}  // namespace vipd
