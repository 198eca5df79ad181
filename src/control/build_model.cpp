#include "src/config/kernel_service.hpp"
#include "src/control/model.hpp"

#include <algorithm>

namespace vipd {
namespace {

constexpr Duration longest_start_deadline{120000};

/// `service`: what is connected to at the server, or the VIP where the monitor goes through it.
monitors::ProbePlan make_plan(const MonitorConfig& monitor, const Endpoint& service,
                              monitors::ProbeId id) {
    monitors::ProbePlan plan;
    plan.id = id;
    plan.target = {service.address, monitor.port.value_or(service.port)};
    plan.check = monitor.check;
    plan.interval = monitor.interval;
    plan.timeout = monitor.timeout;
    plan.fast_interval = monitor.fast_interval;
    plan.down_interval = monitor.down_interval;
    const auto source = monitor.source.find(service.address.family());
    if (source != monitor.source.end()) plan.source = source->second;
    plan.thresholds = monitor.thresholds;
    return plan;
}

ProbeState make_probe(const MonitorConfig& monitor, const Endpoint& service, monitors::ProbeId id) {
    ProbeState probe;
    probe.plan = make_plan(monitor, service, id);
    probe.verdict.type = monitors::type_name(monitor.check);
    probe.verdict.via_vip = monitor.via_vip;
    probe.verdict.advisory = monitor.advisory;
    return probe;
}

Server make_server(const std::string& name, const ServerConfig& config, const Address& address,
                   const ServiceConfig& service, const Address& vip_address,
                   monitors::ProbeId& next_probe) {
    Server server;
    server.name = name;
    server.host_name = config.host_name;
    server.destination = {address, kernel_port(service, config)};
    server.weight = config.weight;
    server.upper_threshold = config.upper_threshold;
    server.lower_threshold = config.lower_threshold;
    server.admin = config.state;
    server.admin_reason = configured_reason(config.state);
    for (const auto& monitor : service.monitors) {
        const auto target = monitor.via_vip ? Endpoint{vip_address, service.port}
                                            : Endpoint{address, server.destination.port};
        server.probes.push_back(make_probe(monitor, target, next_probe++));
        if (!monitor.via_vip) continue;
        auto& probe = server.probes.back();
        probe.path = vip_path_key(service, vip_address.family(), address, config);
        probe.verdict.reason = {"no-path", "waits for its private service in the kernel"};
    }
    server.health = judge(server);
    return server;
}

Pool make_pool(const ServiceConfig& service, const Address& vip_address,
               monitors::ProbeId& next_probe) {
    Pool pool;
    pool.key = kernel_key(service, vip_address);
    pool.vip_address = vip_address;
    for (const auto& [name, server] : service.servers) {
        const auto family = server_family(service, vip_address.family());
        if (const auto address = server_address(server, family))
            pool.servers.push_back(
                make_server(name, server, *address, service, vip_address, next_probe));
    }
    return pool;
}

Vip make_vip(const std::string& name, const VipConfig& config, TimePoint now) {
    Vip vip;
    vip.name = name;
    vip.config = config;
    for (const auto& address : config.addresses) {
        VipAddress state;
        state.address = address;
        state.since = now;
        state.reason = {"starting", "nothing is known yet"};
        vip.addresses.push_back(std::move(state));
    }
    return vip;
}

/// What tells probes of one server and VIP apart from those that can share their runs.
monitors::ProbePlan what_is_done(monitors::ProbePlan plan) {
    plan.id = 0;
    plan.thresholds = {};
    return plan;
}

/// Two connections from one port to the same VIP and port cannot be.
void choose_slots(Model& model) {
    std::map<std::pair<VipPathKey, Endpoint>, std::vector<monitors::ProbePlan>> known;
    each_probe(model, [&](const Server&, ProbeState& probe) {
        if (!probe.path) return;
        auto& plans = known[{*probe.path, probe.plan.target}];
        auto plan = what_is_done(probe.plan);
        const auto same = std::ranges::find(plans, plan);
        probe.path->slot = static_cast<unsigned>(same - plans.begin());
        if (same == plans.end()) plans.push_back(std::move(plan));
    });
}

}  // namespace

void index(Model& model) {
    model.probes.clear();
    model.pools.clear();
    for (auto& vip : model.vips)
        vip.services.clear();
    for (std::size_t s = 0; s < model.services.size(); ++s) {
        auto& service = model.services[s];
        const auto vip = std::ranges::lower_bound(model.vips, service.config.vip, {}, &Vip::name);
        service.vip = static_cast<std::size_t>(vip - model.vips.begin());
        vip->services.push_back(s);
        for (std::size_t p = 0; p < service.pools.size(); ++p) {
            model.pools[service.pools[p].key] = {s, p};
            auto& servers = service.pools[p].servers;
            for (std::size_t i = 0; i < servers.size(); ++i) {
                for (std::size_t m = 0; m < servers[i].probes.size(); ++m) {
                    model.probes[servers[i].probes[m].plan.id] = {s, p, i, m};
                }
            }
        }
    }
}

Reason configured_reason(Admin state) {
    return {"config", std::string(to_string(state)) + " in the configuration"};
}

bool all_judged(const Pool& pool) {
    return std::ranges::none_of(pool.servers, [](const Server& server) {
        return server.admin == Admin::enabled && server.health.health == monitors::Health::unknown;
    });
}

void Server::acknowledge(std::optional<ipvs::Destination> acknowledged, TimePoint now) {
    in_kernel = std::move(acknowledged);
    const bool quiet = in_kernel && in_kernel->weight == 0;
    if (!quiet) quiet_since.reset();
    if (quiet && !quiet_since) quiet_since = now;
}

ServerHealth judge(const Server& server) {
    std::vector<MonitorVerdict> verdicts;
    for (const auto& probe : server.probes)
        verdicts.push_back(probe.verdict);
    return judge(verdicts);
}

LeavingServer leaving_server(const Server& server) {
    return {.since = server.leaving_since.value_or(TimePoint::max()),
            .in_kernel = server.in_kernel.has_value(),
            .quiet_since = server.quiet_since,
            .connections = server.connections};
}

Model build_model(const Config& config, monitors::ProbeId& next_probe, TimePoint now) {
    Model model;
    for (const auto& [name, vip] : config.vips)
        model.vips.push_back(make_vip(name, vip, now));

    for (const auto& [name, service_config] : config.services) {
        Service service;
        service.name = name;
        service.config = service_config;
        for (const auto& address : config.vips.at(service_config.vip).addresses) {
            service.pools.push_back(make_pool(service_config, address, next_probe));
        }
        model.services.push_back(std::move(service));
    }
    choose_slots(model);
    index(model);
    return model;
}

Duration start_deadline(const Config& config) {
    if (config.start_deadline) return *config.start_deadline;
    Duration longest{0};
    for (const auto& [name, service] : config.services) {
        for (const auto& monitor : service.monitors) {
            const auto rounds = static_cast<int>(monitor.thresholds.fall) + 1;
            longest = std::max(longest, rounds * monitor.interval + monitor.timeout);
        }
    }
    return std::min(longest, longest_start_deadline);
}

}  // namespace vipd
