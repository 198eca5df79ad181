// The controller's model as an immutable picture.

#include "src/config/config_text.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

std::vector<MonitorView> view_monitors(const Server& server) {
    std::vector<MonitorView> views;
    for (const auto& probe : server.probes) {
        views.push_back({probe.verdict.type, probe.verdict.advisory, probe.verdict.health,
                         probe.verdict.reason, probe.since, probe.verdict.via_vip});
    }
    return views;
}

}  // namespace

ServerView Controller::view(const Server& server, const MemberDecision& decision) const {
    ServerView view;
    view.name = server.name;
    view.address = server.destination.address;
    view.port = server.destination.port;
    view.host_name = server.host_name;
    view.weight = server.weight;
    view.upper_threshold = server.upper_threshold;
    view.lower_threshold = server.lower_threshold;
    view.health = server.health.health;
    view.health_reason = server.health.reason;
    view.health_since = server.health_since;
    view.admin = server.admin;
    view.admin_reason = server.admin_reason;
    view.placement = decision.placement;
    view.placement_reason = decision.reason;
    view.pooled = server.carries_traffic();
    if (server.in_kernel) view.kernel_weight = server.in_kernel->weight;
    if (server.leaving_since && server.in_kernel && server.connections)
        view.connections = {server.connections->active, server.connections->inactive};
    view.monitors = view_monitors(server);
    for (const auto& probe : server.probes) {
        const auto waiting = frozen_.find(probe.plan.id);
        if (waiting == frozen_.end() || !suspicion_) continue;
        view.suspect = true;
        view.suspect_since = waiting->second.because_of.finished;
        view.suspect_reason = {
            suspicion_->reason.code,
            fmt::format("{} ({}: {})", suspicion_->reason.text, probe.verdict.type,
                        waiting->second.because_of.reason.text)};
    }
    return view;
}

PoolView Controller::view(const Pool& pool) const {
    PoolView view;
    view.family = pool.vip_address.family();
    view.key = pool.key;
    view.vip_address = pool.vip_address;
    view.fit = pool.fitness.fit;
    view.fit_reason = pool.fitness.reason;
    view.fit_since = pool.fit_since;
    view.programmed = pool.programmed;
    view.configured = pool.servers.size();
    view.up = pool.decision.up;
    view.floor = pool.decision.floor;
    view.held = pool.decision.held;
    view.pooled =
        static_cast<std::size_t>(std::ranges::count_if(pool.servers, &Server::carries_traffic));
    view.judged = all_judged(pool);
    const MemberDecision undecided{Placement::depooled,
                                   std::nullopt,
                                   {"starting", "the kernel's table has not been read yet"}};
    const bool decided = pool.decision.members.size() == pool.servers.size();
    for (const auto& server : pool.servers) {
        view.servers.push_back(this->view(server, decided ? server.decided : undecided));
    }
    return view;
}

std::shared_ptr<const ServiceView> Controller::view(const Service& service) const {
    ServiceView view;
    view.name = service.name;
    view.vip = service.config.vip;
    view.protocol = ipvs::to_string(service.config.protocol);
    view.port = service.config.port;
    view.firewall_mark = service.config.firewall_mark;
    view.scheduler = service.config.options.scheduler;
    view.scheduler_flags = scheduler_flags(service.config.options);
    view.forwarding = ipvs::to_string(service.config.forwarding);
    if (service.config.forwarding == ipvs::Forwarding::tunnel)
        view.tunnel = tunnel_text(service.config);
    view.one_packet = service.config.options.one_packet;
    if (service.config.persistence) view.persistence = config_text(service.config.persistence);
    view.depool_threshold = service.config.depool_threshold.to_string();
    for (const auto& pool : service.pools)
        view.pools.push_back(this->view(pool));
    for (const auto& [name, server] : service.config.unresolved) {
        auto reason = unresolved_reason(*server.host_name);
        if (const auto found = overrides_.find({service.name, name}); found != overrides_.end())
            reason.text += fmt::format("; then {}: {}", to_string(found->second.state),
                                       by_whom(found->second.who, found->second.why));
        view.unresolved.push_back({name, *server.host_name, std::move(reason)});
    }
    return std::make_shared<const ServiceView>(std::move(view));
}

std::shared_ptr<const VipView> Controller::view(const Vip& vip) const {
    VipView view;
    view.name = vip.name;
    view.interface = vip.config.interface;
    for (const auto s : vip.services)
        view.services.push_back(model_.services[s].name);
    for (const auto& address : vip.addresses) {
        view.addresses.push_back({address.address,
                                  address.announcement(),
                                  address.reason,
                                  address.memory.degraded,
                                  address.since,
                                  address.present,
                                  {address.advertised_to.begin(), address.advertised_to.end()},
                                  address.deadline});
    }
    return std::make_shared<const VipView>(std::move(view));
}

std::shared_ptr<const KernelView> Controller::kernel_view() const {
    KernelView view;
    view.backend = config_.ipvs.backend == IpvsConfig::BackendKind::kernel ? "kernel" : "memory";
    view.read_once = kernel_read_;
    view.in_sync = kernel_in_sync_;
    view.error = kernel_error_;
    view.writes = kernel_writes_;
    view.drift = drift_;
    view.refusals = refusals_;
    view.unmade_count = unmade_count_;
    view.unmade = unmade_;
    return std::make_shared<const KernelView>(std::move(view));
}

std::vector<ServerListView> Controller::list_views() const {
    std::vector<ServerListView> views;
    for (const auto& [file, list] : lists_) {
        ServerListView view{file, {}, 0, list.good_at, list.problem};
        for (const auto& [name, group] : config_.groups) {
            if (group.servers_file != file) continue;
            view.groups.push_back(name);
            view.servers = group.servers.size();
        }
        views.push_back(std::move(view));
    }
    return views;
}

ProbeReport Controller::probes_of(const ServerName& name) const {
    ProbeReport report{name.service, name.server, {}};
    for (const auto& service : model_.services) {
        if (service.name != name.service) continue;
        for (const auto& pool : service.pools) {
            const auto server = std::ranges::find(pool.servers, name.server, &Server::name);
            if (server == pool.servers.end()) continue;
            for (const auto& probe : server->probes) {
                const auto& plan = probe.plan;
                report.probes.push_back({plan.id, pool.vip_address, probe.verdict.type,
                                         probe.verdict.via_vip, probe.verdict.advisory, plan.target,
                                         plan.interval, plan.timeout});
            }
        }
    }
    return report;
}

std::shared_ptr<Snapshot> Controller::snapshot(TimePoint now) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->node = config_.node;
    snapshot->version = VIPD_VERSION;
    snapshot->made = now;
    snapshot->started = started_;
    snapshot->stopping = stop_.phase() != StopPhase::running;
    bool judged = true;
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        const auto& service = model_.services[s];
        if (!service_views_[s]) service_views_[s] = view(service);
        snapshot->services.emplace_hint(snapshot->services.end(), service.name, service_views_[s]);
        judged = judged && std::ranges::all_of(service_views_[s]->pools, &PoolView::judged);
    }
    for (std::size_t v = 0; v < model_.vips.size(); ++v) {
        if (!vip_views_[v]) vip_views_[v] = view(model_.vips[v]);
        snapshot->vips.emplace_hint(snapshot->vips.end(), model_.vips[v].name, vip_views_[v]);
    }
    for (const auto& [name, peer] : peers_)
        snapshot->peers.push_back(peer);
    snapshot->kernel = kernel_view();
    snapshot->statistics = statistics_;
    for (const auto& probe : control_.probes())
        snapshot->control_probes.push_back({probe.name, probe.health, probe.proven, probe.reason});
    snapshot->config = config_view_;
    snapshot->lists = list_views();
    if (!name_views_) name_views_ = name_views();
    snapshot->names = name_views_;
    snapshot->verdicts_in = judged || start_deadline_passed_;
    snapshot->alerts = alerts(now);
    snapshot->histograms = latency_.views();
    return snapshot;
}

}  // namespace vipd
