#include "src/status/metrics.hpp"

#include "src/status/metrics_writer.hpp"
#include "src/status/name_state.hpp"
#include "src/status/readiness.hpp"
#include "src/status/wall_time.hpp"

#include <algorithm>

namespace vipd {
namespace {

double unix_seconds(WallTime time) {
    using namespace std::chrono;
    return static_cast<double>(duration_cast<milliseconds>(time.time_since_epoch()).count()) / 1e3;
}

void write_daemon(MetricsWriter& out, const Snapshot& snapshot) {
    const ClockPair clocks{snapshot.made, snapshot.made_wall};
    out.family("vipd_build_info", "gauge", "Always 1; the version is a label.");
    out.sample({{"version", snapshot.version}}, 1);
    out.family("vipd_start_time_seconds", "gauge",
               "When vipd started, in seconds since the epoch.");
    out.sample({}, unix_seconds(clocks.wall_time(snapshot.started)));
    out.family("vipd_snapshot_time_seconds", "gauge",
               "When this picture was made, in seconds since the epoch.");
    out.sample({}, unix_seconds(snapshot.made_wall));
    out.family("vipd_ready", "gauge", "Whether each condition of /readyz holds.");
    for (const auto& check : readiness(&snapshot))
        out.sample({{"check", check.name}}, check.ok);
    std::map<std::string, std::size_t> alerts;
    for (const auto& alert : snapshot.alerts)
        ++alerts[alert.code];
    out.family("vipd_alerts", "gauge", "Alerts that stand now, by code.");
    for (const auto& [code, number] : alerts)
        out.sample({{"code", code}}, number);
}

/// One sample for each pool.
template <class Value>
void write_pools(MetricsWriter& out, const Snapshot& snapshot, std::string_view name,
                 std::string_view help, Value value) {
    out.family(name, "gauge", help);
    for (const auto& [service, view] : snapshot.services) {
        for (const auto& pool : view->pools) {
            out.sample({{"service", service}, {"family", to_string(pool.family)}}, value(pool));
        }
    }
}

void write_all_pools(MetricsWriter& out, const Snapshot& snapshot) {
    using Pool = const PoolView&;
    write_pools(out, snapshot, "vipd_pool_servers", "Configured servers of the pool.",
                [](Pool pool) { return pool.configured; });
    write_pools(out, snapshot, "vipd_pool_servers_up", "Servers that are up and enabled.",
                [](Pool pool) { return pool.up; });
    write_pools(out, snapshot, "vipd_pool_servers_pooled",
                "Servers that carry traffic, as the kernel acknowledged.",
                [](Pool pool) { return pool.pooled; });
    write_pools(out, snapshot, "vipd_pool_servers_held",
                "Servers that are down and kept because of the depool threshold.",
                [](Pool pool) { return pool.held; });
    write_pools(out, snapshot, "vipd_pool_floor_servers",
                "Servers that the depool threshold keeps in the pool at least.",
                [](Pool pool) { return pool.floor; });
    write_pools(out, snapshot, "vipd_pool_fit", "Whether the service can serve in this family.",
                [](Pool pool) { return pool.fit; });
    write_pools(out, snapshot, "vipd_pool_programmed",
                "Whether the service exists in the kernel, as acknowledged.",
                [](Pool pool) { return pool.programmed; });
}

/// One sample for each server.
template <class Value>
void write_servers(MetricsWriter& out, const Snapshot& snapshot, std::string_view name,
                   std::string_view help, Value value) {
    out.family(name, "gauge", help);
    for (const auto& [service, view] : snapshot.services) {
        for (const auto& pool : view->pools) {
            for (const auto& server : pool.servers) {
                out.sample({{"service", service},
                            {"family", to_string(pool.family)},
                            {"server", server.name}},
                           value(server));
            }
        }
    }
}

void write_all_servers(MetricsWriter& out, const Snapshot& snapshot) {
    using Server = const ServerView&;
    write_servers(out, snapshot, "vipd_server_up", "Whether the server's monitors say it is up.",
                  [](Server server) { return server.health == monitors::Health::up; });
    write_servers(out, snapshot, "vipd_server_enabled", "Whether the operator wants it to serve.",
                  [](Server server) { return server.admin == Admin::enabled; });
    write_servers(out, snapshot, "vipd_server_pooled",
                  "Whether it carries traffic, as the kernel acknowledged.",
                  [](Server server) { return server.pooled; });
}

template <class Value>
void write_addresses(MetricsWriter& out, const Snapshot& snapshot, std::string_view name,
                     std::string_view help, Value value) {
    out.family(name, "gauge", help);
    for (const auto& [vip, view] : snapshot.vips) {
        for (const auto& address : view->addresses) {
            out.sample({{"vip", vip}, {"address", address.address.to_string()}}, value(address));
        }
    }
}

void write_vips(MetricsWriter& out, const Snapshot& snapshot) {
    using Address = const VipAddressView&;
    write_addresses(out, snapshot, "vipd_vip_announced", "Whether the address is to be announced.",
                    [](Address address) { return address.wanted == Announcement::announced; });
    write_addresses(out, snapshot, "vipd_vip_degraded_steps",
                    "By how many steps what routers are told of the address is degraded.",
                    [](Address address) { return address.degraded; });
    write_addresses(out, snapshot, "vipd_vip_advertised_peers", "Peers that it was written to.",
                    [](Address address) { return address.advertised_to.size(); });
    write_addresses(out, snapshot, "vipd_vip_present", "Whether it is on the interface.",
                    [](Address address) { return address.present; });
}

void write_messages(MetricsWriter& out, const bgp::PeerStatus& peer) {
    for (const auto& [type, number] : peer.messages_in) {
        out.sample({{"peer", peer.name}, {"direction", "in"}, {"type", type}}, number);
    }
    for (const auto& [type, number] : peer.messages_out) {
        out.sample({{"peer", peer.name}, {"direction", "out"}, {"type", type}}, number);
    }
}

void write_routes(MetricsWriter& out, const bgp::PeerStatus& peer) {
    for (const auto& [family, counts] : peer.families) {
        const auto name = to_string(family);
        out.sample({{"peer", peer.name}, {"family", name}, {"state", "wanted"}}, counts.wanted);
        out.sample({{"peer", peer.name}, {"family", name}, {"state", "advertised"}},
                   counts.advertised);
        out.sample({{"peer", peer.name}, {"family", name}, {"state", "pending"}}, counts.pending);
    }
}

void write_peers(MetricsWriter& out, const Snapshot& snapshot) {
    out.family("vipd_bgp_session_established", "gauge", "Whether the session is Established.");
    for (const auto& peer : snapshot.peers) {
        out.sample({{"peer", peer->name}}, peer->state == bgp::SessionState::established);
    }
    out.family("vipd_bgp_sessions_established_total", "counter",
               "How often the session has become Established.");
    for (const auto& peer : snapshot.peers) {
        out.sample({{"peer", peer->name}}, peer->established_count);
    }
    out.family("vipd_bgp_messages_total", "counter", "BGP messages by direction and type.");
    for (const auto& peer : snapshot.peers)
        write_messages(out, *peer);
    out.family("vipd_bgp_errors_total", "counter", "Errors with the peer, by class.");
    for (const auto& peer : snapshot.peers) {
        for (const auto& [kind, number] : peer->errors)
            out.sample({{"peer", peer->name}, {"class", kind}}, number);
    }
    out.family("vipd_bgp_routes", "gauge", "Routes by state towards the peer.");
    for (const auto& peer : snapshot.peers)
        write_routes(out, *peer);
}

void write_kernel(MetricsWriter& out, const KernelView& kernel) {
    out.family("vipd_kernel_in_sync", "gauge", "Whether the kernel's table is as wanted.");
    out.sample({{"backend", kernel.backend}}, kernel.in_sync);
    out.family("vipd_kernel_writes_total", "counter", "Changes that the kernel acknowledged.");
    out.sample({}, kernel.writes);
    out.family("vipd_kernel_drift_total", "counter",
               "Changes to our services that somebody else had made.");
    out.sample({}, kernel.drift);
    out.family("vipd_kernel_refused_changes", "gauge", "Wanted changes that the kernel refuses.");
    out.sample({}, kernel.refusals.size());
    out.family(
        "vipd_kernel_unmade_changes", "gauge",
        "Wanted changes that are left to somebody else: with --observe, or on_drift report.");
    out.sample({}, kernel.unmade_count);
}

/// One sample for each pool that the kernel has counted.
template <class Value>
void write_counts(MetricsWriter& out, const Snapshot& snapshot, Value value) {
    for (const auto& [service, view] : snapshot.services) {
        for (const auto& pool : view->pools) {
            const auto found = snapshot.statistics->find(pool.key);
            if (found == snapshot.statistics->end()) continue;
            value(out, service, to_string(pool.family), found->second);
        }
    }
}

std::uint64_t active_connections(const ipvs::ServiceStatistics& counted) {
    std::uint64_t sum = 0;
    for (const auto& [key, destination] : counted.destinations)
        sum += destination.active_connections;
    return sum;
}

void write_statistics(MetricsWriter& out, const Snapshot& snapshot) {
    using Name = std::string_view;
    using Counted = const ipvs::ServiceStatistics&;
    out.family("vipd_ipvs_connections_total", "counter",
               "Connections of the service, as the kernel counts them.");
    write_counts(out, snapshot, [](auto& to, Name service, Name family, Counted counted) {
        to.sample({{"service", service}, {"family", family}}, counted.counters.connections);
    });
    out.family("vipd_ipvs_active_connections", "gauge",
               "Established connections of the service, over all its servers.");
    write_counts(out, snapshot, [](auto& to, Name service, Name family, Counted counted) {
        to.sample({{"service", service}, {"family", family}}, active_connections(counted));
    });
    const auto both_ways = [&](Name name, Name help, auto in, auto back) {
        out.family(name, "counter", help);
        write_counts(out, snapshot, [&](auto& to, Name service, Name family, Counted counted) {
            to.sample({{"service", service}, {"family", family}, {"direction", "in"}},
                      counted.counters.*in);
            to.sample({{"service", service}, {"family", family}, {"direction", "out"}},
                      counted.counters.*back);
        });
    };
    both_ways("vipd_ipvs_packets_total", "Packets of the service; out: only with forwarding nat.",
              &ipvs::Counters::packets_in, &ipvs::Counters::packets_out);
    both_ways("vipd_ipvs_bytes_total", "Bytes of the service; out: only with forwarding nat.",
              &ipvs::Counters::bytes_in, &ipvs::Counters::bytes_out);
}

void write_control_probes(MetricsWriter& out, const Snapshot& snapshot) {
    out.family(
        "vipd_control_probe_up", "gauge",
        "Whether the probe of this host itself, or of one that shows that it is well, succeeds.");
    for (const auto& probe : snapshot.control_probes)
        out.sample({{"probe", probe.name}}, probe.health == monitors::Health::up);
}

void write_config(MetricsWriter& out, const Snapshot& snapshot) {
    const auto& config = snapshot.config;
    const ClockPair clocks{snapshot.made, snapshot.made_wall};
    out.family("vipd_config_last_load_successful", "gauge",
               "Whether the configuration that was read last is the one that runs.");
    out.sample({}, !config.problem);
    out.family("vipd_config_last_load_time_seconds", "gauge",
               "When a configuration was last read, in seconds since the epoch.");
    out.sample({}, unix_seconds(clocks.wall_time(config.tried)));
    out.family("vipd_config_good_time_seconds", "gauge",
               "When the configuration that runs was accepted, in seconds since the epoch.");
    out.sample({}, unix_seconds(clocks.wall_time(config.good_at)));
    out.family("vipd_config_loads_total", "counter",
               "Configurations read at the start and by reloads, by what came of it.");
    out.sample({{"result", "accepted"}}, config.accepted);
    out.sample({{"result", "rejected"}}, config.rejected);
}

void write_lists(MetricsWriter& out, const Snapshot& snapshot) {
    out.family("vipd_server_list_stale", "gauge",
               "Whether an earlier version is used of this servers_file.");
    for (const auto& list : snapshot.lists)
        out.sample({{"file", list.file}}, list.problem.has_value());
    const ClockPair clocks{snapshot.made, snapshot.made_wall};
    out.family("vipd_server_list_good_time_seconds", "gauge",
               "When this servers_file was last read and found good, in seconds since the epoch.");
    for (const auto& list : snapshot.lists) {
        if (!list.good_at) continue;
        out.sample({{"file", list.file}}, unix_seconds(clocks.wall_time(*list.good_at)));
    }
}

void write_names(MetricsWriter& out, const Snapshot& snapshot) {
    if (snapshot.names->empty()) return;
    out.family("vipd_names", "gauge",
               "Host names of servers by state; stale: an earlier answer is used.");
    for (const auto state : {NameState::good, NameState::stale, NameState::unresolved}) {
        const auto number = std::ranges::count(*snapshot.names, state, state_of);
        out.sample({{"state", to_string(state)}}, static_cast<std::uint64_t>(number));
    }
}

void write_histogram(MetricsWriter& out, const HistogramView& view) {
    const auto& [bounds, counts, sum] = view.histogram;
    const auto& label = view.label;
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        cumulative += counts[i];
        const auto bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
        out.sample("_bucket", {{label.first, label.second}, {"le", bound}}, cumulative);
    }
    out.sample("_sum", {{label.first, label.second}}, sum);
    out.sample("_count", {{label.first, label.second}}, cumulative);
}

void write_probe_counts(MetricsWriter& out, const monitors::EngineStats& probes) {
    out.family("vipd_probes_total", "counter", "Finished probes by monitor type and result.");
    for (const auto& [type, number, failures, durations] : probes.types) {
        out.sample({{"type", type}, {"result", "success"}}, number - failures);
        out.sample({{"type", type}, {"result", "failure"}}, failures);
    }
    out.family("vipd_probes_repeated_total", "counter",
               "Probes that failed and were not counted, because vipd was late itself.");
    out.sample({}, probes.repeated);
    out.family("vipd_probes_impaired_total", "counter",
               "Probes without a result for want of something of this host's.");
    out.sample({}, probes.own_faults);
    out.family("vipd_probes_configured", "gauge",
               "Probes that are repeated; what several monitors have in common is one.");
    out.sample({}, probes.watches);
    out.family("vipd_probes_running", "gauge",
               "Probes under way, connections that idle-tcp holds included.");
    out.sample({}, probes.running);
    out.family("vipd_probes_waiting", "gauge", "Probes that are due and wait for their turn.");
    out.sample({}, probes.waiting);
}

/// Those of one name stand together, as the format asks.
void write_histograms(MetricsWriter& out, const std::vector<HistogramView>& histograms) {
    std::string_view family;
    for (const auto& histogram : histograms) {
        if (histogram.name != family) out.family(histogram.name, "histogram", histogram.help);
        family = histogram.name;
        write_histogram(out, histogram);
    }
}

std::vector<HistogramView> probe_histograms(const monitors::EngineStats& probes) {
    std::vector<HistogramView> views;
    for (const auto& type : probes.types) {
        views.push_back({"vipd_probe_duration_seconds",
                         "What probes took from their start to their result, by monitor type.",
                         {"type", std::string(type.type)},
                         type.durations});
    }
    views.push_back({"vipd_probe_lateness_seconds",
                     "How long after their due time probes were started.",
                     {},
                     probes.lateness});
    return views;
}

void write_probes(MetricsWriter& out, const monitors::EngineStats& probes) {
    write_probe_counts(out, probes);
    write_histograms(out, probe_histograms(probes));
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, MetricsLevel level) {
    MetricsWriter out;
    write_daemon(out, snapshot);
    write_all_pools(out, snapshot);
    if (level == MetricsLevel::server) write_all_servers(out, snapshot);
    write_vips(out, snapshot);
    write_peers(out, snapshot);
    if (snapshot.kernel) write_kernel(out, *snapshot.kernel);
    if (snapshot.statistics) write_statistics(out, snapshot);
    write_control_probes(out, snapshot);
    write_config(out, snapshot);
    write_lists(out, snapshot);
    write_names(out, snapshot);
    if (snapshot.probes) write_probes(out, *snapshot.probes);
    write_histograms(out, snapshot.histograms);
    return out.take();
}

}  // namespace vipd
