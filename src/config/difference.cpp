#include "src/config/difference.hpp"

#include "src/config/config_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace vipd {

namespace {

template <class T>
std::string text_of(const T& value) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        return std::to_string(value);
    } else {
        return config_text(value);
    }
}

template <class T>
std::string text_of(const std::optional<T>& value) {
    return value ? text_of(*value) : "none";
}

template <class Values>
std::string list_text(const Values& values) {
    std::vector<std::string> texts;
    for (const auto& value : values)
        texts.push_back(config_text(value));
    return joined(texts);
}

std::string next_hops_text(const std::map<Family, Address>& next_hops) {
    std::vector<std::string> texts;
    for (const auto& [family, address] : next_hops)
        texts.push_back(address.to_string());
    return joined(texts);
}

class Comparison {
public:
    Comparison(const Config& before, const Config& after) : before_(before), after_(after) {}

    std::vector<Difference> run() {
        compare_top();
        compare_bgp();
        compare_named("vip", before_.vips, after_.vips, Impact::announce, &Comparison::compare_vip);
        compare_named("service", before_.services, after_.services, Impact::kernel,
                      &Comparison::compare_service);
        return std::move(found_);
    }

private:
    void add(Impact impact, std::string_view subject, std::string text) {
        found_.push_back(
            {.impact = impact, .subject = std::string(subject), .text = std::move(text)});
    }

    // A value that is shown as "name before -> after".
    void changed(Impact impact, std::string_view subject, std::string_view name,
                 const std::string& before, const std::string& after) {
        if (before != after) add(impact, subject, fmt::format("{} {} -> {}", name, before, after));
    }

    template <class T>
    void field(Impact impact, std::string_view subject, std::string_view name, const T& before,
               const T& after) {
        if (before != after) changed(impact, subject, name, text_of(before), text_of(after));
    }

    // Members that were added, removed, or are there before and after.
    template <class T>
    void compare_named(const std::string& kind, const std::map<std::string, T>& before,
                       const std::map<std::string, T>& after, Impact impact,
                       void (Comparison::*compare)(const std::string&, const T&, const T&)) {
        for (const auto& [name, value] : before) {
            if (!after.contains(name)) add(impact, kind + " " + name, "removed");
        }
        for (const auto& [name, value] : after) {
            const auto old = before.find(name);
            if (old == before.end()) {
                add(impact, kind + " " + name, "added");
            } else if (!(old->second == value)) {
                (this->*compare)(kind + " " + name, old->second, value);
            }
        }
    }

    void compare_top() {
        field(Impact::restart, "node", "name", before_.node, after_.node);
        field(Impact::restart, "state_dir", "path", before_.state_dir, after_.state_dir);
        changed(Impact::restart, "status", "listen", list_text(before_.status.listen),
                list_text(after_.status.listen));
        field(Impact::restart, "status", "socket", before_.status.socket, after_.status.socket);
        compare_ipvs(before_.ipvs, after_.ipvs);
        field(Impact::policy, "stop", "gshut_wait", before_.stop.gshut_wait,
              after_.stop.gshut_wait);
        field(Impact::policy, "stop", "withdraw_wait", before_.stop.withdraw_wait,
              after_.stop.withdraw_wait);
        field(Impact::policy, "brake", "action", before_.brake.action, after_.brake.action);
        field(Impact::policy, "brake", "min_vips", before_.brake.min_vips, after_.brake.min_vips);
        field(Impact::policy, "brake", "share", before_.brake.share, after_.brake.share);
        field(Impact::policy, "brake", "window", before_.brake.window, after_.brake.window);
        field(Impact::restart, "monitors", "workers", before_.monitors.workers,
              after_.monitors.workers);
        field(Impact::restart, "monitors", "max_running", before_.monitors.max_running,
              after_.monitors.max_running);
        compare_vip_paths(before_.monitors.vip_paths, after_.monitors.vip_paths);
        compare_control(before_.monitors.control, after_.monitors.control);
        changed(Impact::policy, "names", "servers", list_text(before_.names.servers),
                list_text(after_.names.servers));
        field(Impact::policy, "start_deadline", "time", before_.start_deadline,
              after_.start_deadline);
        field(Impact::policy, "suspect_max", "time", before_.suspect_max, after_.suspect_max);
    }

    void compare_vip_paths(const VipPathsConfig& before, const VipPathsConfig& after) {
        field(Impact::kernel, "vip_paths", "first_mark", before.first_mark, after.first_mark);
        field(Impact::kernel, "vip_paths", "first_port", before.first_port, after.first_port);
        field(Impact::kernel, "vip_paths", "count", before.count, after.count);
    }

    void compare_control(const ControlConfig& before, const ControlConfig& after) {
        field(Impact::policy, "control", "loopback", before.loopback, after.loopback);
        field(Impact::policy, "control", "addresses", control_addresses_text(before),
              control_addresses_text(after));
        field(Impact::policy, "control", "interval", before.interval, after.interval);
    }

    void compare_ipvs(const IpvsConfig& before, const IpvsConfig& after) {
        field(Impact::restart, "ipvs", "backend", before.backend, after.backend);
        field(Impact::policy, "ipvs", "resync_interval", before.resync_interval,
              after.resync_interval);
        field(Impact::policy, "ipvs", "on_drift", before.on_drift, after.on_drift);
        field(Impact::kernel, "ipvs", "on_down", before.on_down, after.on_down);
        field(Impact::policy, "ipvs", "on_stop", before.on_stop, after.on_stop);
        field(Impact::kernel, "ipvs", "timeouts", before.timeouts, after.timeouts);
        field(Impact::policy, "ipvs", "allow_announce", before.allow_announce,
              after.allow_announce);
    }

    void compare_bgp() {
        if (!before_.bgp && !after_.bgp) return;
        if (!before_.bgp || !after_.bgp) {
            add(Impact::session_reset, "bgp", after_.bgp ? "added" : "removed");
            return;
        }
        const auto& before = *before_.bgp;
        const auto& after = *after_.bgp;
        field(Impact::session_reset, "bgp", "local_as", before.local_as, after.local_as);
        changed(Impact::session_reset, "bgp", "router_id", router_id_text(before.router_id),
                router_id_text(after.router_id));
        changed(Impact::session_reset, "bgp", "listen", list_text(before.listen),
                list_text(after.listen));
        changed(Impact::announce, "bgp", "next_hop", next_hops_text(before.next_hop),
                next_hops_text(after.next_hop));
        compare_named("peer", before.peers, after.peers, Impact::session_reset,
                      &Comparison::compare_peer);
    }

    void compare_peer(const std::string& subject, const PeerConfig& before,
                      const PeerConfig& after) {
        const auto reset = Impact::session_reset;
        field(reset, subject, "address", before.address, after.address);
        field(reset, subject, "port", before.port, after.port);
        field(reset, subject, "remote_as", before.remote_as, after.remote_as);
        field(reset, subject, "local_address", before.local_address, after.local_address);
        field(reset, subject, "passive", before.passive, after.passive);
        field(reset, subject, "hold_time", before.hold_time, after.hold_time);
        changed(reset, subject, "families", list_text(before.families), list_text(after.families));
        field(reset, subject, "password_file", before.password_file, after.password_file);
        field(reset, subject, "ttl_security_hops", before.ttl_security_hops,
              after.ttl_security_hops);
        field(reset, subject, "multihop", before.multihop, after.multihop);
        field(reset, subject, "graceful_restart", before.graceful_restart, after.graceful_restart);
        field(Impact::policy, subject, "max_prefixes", before.max_prefixes, after.max_prefixes);
        compare_overrides(subject, before, after);
        changed(Impact::announce, subject, "next_hop", next_hops_text(before.next_hop),
                next_hops_text(after.next_hop));
    }

    void compare_overrides(const std::string& subject, const PeerConfig& before,
                           const PeerConfig& after) {
        const auto announce = Impact::announce;
        field(announce, subject, "med", before.med, after.med);
        field(announce, subject, "local_pref", before.local_pref, after.local_pref);
        field(announce, subject, "prepend", before.prepend, after.prepend);
        changed(announce, subject, "communities",
                communities_text(before.communities, before.large_communities),
                communities_text(after.communities, after.large_communities));
        changed(announce, subject, "vips", before.vips ? list_text(*before.vips) : "all",
                after.vips ? list_text(*after.vips) : "all");
    }

    void compare_vip(const std::string& subject, const VipConfig& before, const VipConfig& after) {
        changed(Impact::announce, subject, "addresses", list_text(before.addresses),
                list_text(after.addresses));
        field(Impact::announce, subject, "interface", before.interface, after.interface);
        field(Impact::policy, subject, "when", before.when, after.when);
        changed(Impact::policy, subject, "families",
                before.families_together ? "together" : "separate",
                after.families_together ? "together" : "separate");
        field(Impact::policy, subject, "hold_down", before.hold_down, after.hold_down);
        field(Impact::policy, subject, "min_interval", before.min_interval, after.min_interval);
        field(Impact::announce, subject, "attributes", before.attributes, after.attributes);
        changed(Impact::announce, subject, "degraded", config_text(before.degraded),
                config_text(after.degraded));
    }

    void compare_service(const std::string& subject, const ServiceConfig& before,
                         const ServiceConfig& after) {
        const auto kernel = Impact::kernel;
        const auto policy = Impact::policy;
        field(kernel, subject, "vip", before.vip, after.vip);
        field(kernel, subject, "protocol", before.protocol, after.protocol);
        field(kernel, subject, "port", before.port, after.port);
        field(kernel, subject, "firewall_mark", before.firewall_mark, after.firewall_mark);
        field(kernel, subject, "scheduler", before.options.scheduler, after.options.scheduler);
        changed(kernel, subject, "scheduler_flags", scheduler_flags_text(before.options),
                scheduler_flags_text(after.options));
        field(kernel, subject, "forwarding", before.forwarding, after.forwarding);
        changed(kernel, subject, "tunnel", tunnel_text(before), tunnel_text(after));
        field(kernel, subject, "one_packet", before.options.one_packet, after.options.one_packet);
        changed(kernel, subject, "persistence", config_text(before.persistence),
                config_text(after.persistence));
        field(policy, subject, "depool_threshold", before.depool_threshold, after.depool_threshold);
        field(policy, subject, "min_up", before.min_up, after.min_up);
        field(policy, subject, "min_up_share", before.min_up_share, after.min_up_share);
        field(policy, subject, "drain_timeout", before.drain_timeout, after.drain_timeout);
        changed(policy, subject, "slow_start", config_text(before.slow_start),
                config_text(after.slow_start));
        changed(policy, subject, "max_leaving", config_text(before.max_leaving),
                config_text(after.max_leaving));
        compare_monitors(subject, before.monitors, after.monitors);
        compare_servers(subject, before.servers, after.servers);
        compare_unresolved(subject, before, after);
    }

    void compare_monitors(const std::string& subject, const std::vector<MonitorConfig>& before,
                          const std::vector<MonitorConfig>& after) {
        if (before == after) return;
        if (before.size() != after.size()) {
            add(Impact::policy, subject,
                fmt::format("monitors {} -> {}", before.size(), after.size()));
            return;
        }
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (before[i] == after[i]) continue;
            add(Impact::policy, subject,
                fmt::format("monitor {} ({}) changed", i, monitors::type_name(after[i].check)));
        }
    }

    // In no pool, so that they lead to nothing yet.
    void compare_unresolved(const std::string& subject, const ServiceConfig& before,
                            const ServiceConfig& after) {
        for (const auto& [name, server] : before.unresolved) {
            if (after.unresolved.contains(name) || after.servers.contains(name)) continue;
            add(Impact::policy, subject, "server " + name + ": removed");
        }
        for (const auto& [name, server] : after.unresolved) {
            const auto old = before.unresolved.find(name);
            if (old != before.unresolved.end() && old->second == server) continue;
            add(Impact::policy, subject,
                fmt::format("server {}: {} is not resolved", name, server.host_name.value_or("")));
        }
    }

    void compare_servers(const std::string& subject,
                         const std::map<std::string, ServerConfig>& before,
                         const std::map<std::string, ServerConfig>& after) {
        for (const auto& [name, server] : before) {
            if (!after.contains(name)) add(Impact::kernel, subject, "server " + name + ": removed");
        }
        for (const auto& [name, server] : after) {
            const auto old = before.find(name);
            if (old == before.end()) {
                add(Impact::kernel, subject, "server " + name + ": added");
            } else {
                compare_server(subject, "server " + name + ": ", old->second, server);
            }
        }
    }

    void compare_server(const std::string& subject, const std::string& prefix,
                        const ServerConfig& before, const ServerConfig& after) {
        const auto kernel = Impact::kernel;
        changed(kernel, subject, prefix + "address", list_text(before.addresses),
                list_text(after.addresses));
        changed(kernel, subject, prefix + "host name", before.host_name.value_or("none"),
                after.host_name.value_or("none"));
        field(kernel, subject, prefix + "port", before.port, after.port);
        field(kernel, subject, prefix + "weight", before.weight, after.weight);
        field(kernel, subject, prefix + "upper_threshold", before.upper_threshold,
              after.upper_threshold);
        field(kernel, subject, prefix + "lower_threshold", before.lower_threshold,
              after.lower_threshold);
        field(kernel, subject, prefix + "state", before.state, after.state);
    }

    const Config& before_;
    const Config& after_;
    std::vector<Difference> found_;
};

}  // namespace

std::string_view to_string(Impact impact) {
    switch (impact) {
        case Impact::policy:
            return "policy";
        case Impact::kernel:
            return "kernel-writes";
        case Impact::announce:
            return "re-announce";
        case Impact::session_reset:
            return "session-reset";
        case Impact::restart:
            return "needs-restart";
    }
    return "invalid";
}

std::string Difference::to_string() const {
    return fmt::format("{}: {}: {}", vipd::to_string(impact), subject, text);
}

std::vector<Difference> differences(const Config& before, const Config& after) {
    return Comparison(before, after).run();
}

std::vector<Difference> needing_restart(const std::vector<Difference>& all) {
    std::vector<Difference> some;
    std::ranges::copy_if(all, std::back_inserter(some), [](const Difference& difference) {
        return difference.impact == Impact::restart;
    });
    return some;
}

}  // namespace vipd
