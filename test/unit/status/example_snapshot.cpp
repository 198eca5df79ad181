#include "test/unit/status/example_snapshot.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

using namespace std::chrono_literals;

const TimePoint made{Clock::duration(1h)};

ServerView down_server(const std::string& name, const std::string& address) {
    auto server = healthy_server(name, address);
    server.health = monitors::Health::down;
    server.health_reason = {"http", "down: HTTP status 503, accepted 200"};
    server.health_since = made - 14s;
    server.placement = Placement::depooled;
    server.placement_reason = {"down", "down for 14 s"};
    server.pooled = false;
    server.kernel_weight.reset();
    server.monitors[0].health = monitors::Health::down;
    server.monitors[0].reason = {"http-status", "HTTP status 503, accepted 200"};
    server.monitors[0].since = made - 14s;
    return server;
}

ServerView held_server(const std::string& name, const std::string& address) {
    auto server = down_server(name, address);
    server.placement = Placement::held;
    server.placement_reason = {"held-by-threshold",
                               "down 14 s; kept because 1 of 4 up and depool_threshold is 0.5"};
    server.pooled = true;
    server.kernel_weight = server.weight;
    return server;
}

ServerView disabled_server(const std::string& name, const std::string& address) {
    auto server = healthy_server(name, address);
    server.health = monitors::Health::unknown;
    server.health_reason = {"never-judged", "no probe has finished yet"};
    server.health_since.reset();
    server.admin = Admin::disabled;
    server.admin_reason = {"configured", "disabled in the configuration"};
    server.placement = Placement::depooled;
    server.placement_reason = {"disabled", "disabled in the configuration"};
    server.pooled = false;
    server.kernel_weight.reset();
    server.monitors.clear();
    return server;
}

PoolView pool_v4() {
    PoolView pool;
    pool.family = Family::ipv4;
    pool.key = ipvs::VirtualEndpoint{ipvs::Protocol::tcp, *Endpoint::parse("203.0.113.10:443")};
    pool.vip_address = *Address::parse("203.0.113.10");
    pool.fit = true;
    pool.fit_reason = {"fit", "1 of 4 up, min_up is 1"};
    pool.fit_since = made - 600s;
    pool.programmed = true;
    pool.configured = 4;
    pool.up = 1;
    pool.floor = 2;
    pool.pooled = 2;
    pool.held = 1;
    pool.servers = {healthy_server("cp1", "10.0.0.11"), held_server("cp2", "10.0.0.12"),
                    down_server("cp3", "10.0.0.13"), disabled_server("cp4", "10.0.0.14")};
    pool.servers[1].host_name = "cp2.example.org";
    return pool;
}

PoolView pool_v6() {
    PoolView pool;
    pool.family = Family::ipv6;
    pool.vip_address = *Address::parse("2001:db8:f::10");
    pool.fit = false;
    pool.fit_reason = {"too-few-up", "0 of 1 up, min_up is 1"};
    pool.fit_since = made - 14s;
    pool.programmed = true;
    pool.configured = 1;
    pool.floor = 1;
    pool.servers = {down_server("cp3", "2001:db8::13")};
    return pool;
}

std::shared_ptr<const ServiceView> text_https() {
    ServiceView service;
    service.name = "text-https";
    service.vip = "text";
    service.protocol = "tcp";
    service.port = 443;
    service.scheduler = "mh";
    service.scheduler_flags = {"mh-port", "mh-fallback"};
    service.forwarding = "tunnel";
    service.tunnel = "ipip";
    service.depool_threshold = "0.5";
    service.pools = {pool_v4(), pool_v6()};
    service.unresolved = {{"cp9",
                           "cp9.example.org",
                           {"name-unresolved", "cp9.example.org: no such name (NXDOMAIN)"}}};
    return std::make_shared<const ServiceView>(std::move(service));
}

std::shared_ptr<const VipView> text_vip() {
    VipView vip;
    vip.name = "text";
    vip.interface = "lo";
    vip.services = {"text-https"};
    VipAddressView announced;
    announced.address = *Address::parse("203.0.113.10");
    announced.wanted = Announcement::announced;
    announced.reason = {"degraded",
                        "1 of 1 services fit, 1 needed; degraded: text-https ipv4: "
                        "1 of 4 up, below 0.5 (step 1 of 1)"};
    announced.degraded = 1;
    announced.since = made - 600s;
    announced.present = true;
    announced.advertised_to = {"cr1"};
    VipAddressView withdrawn;
    withdrawn.address = *Address::parse("2001:db8:f::10");
    withdrawn.reason = {"hold-down", "fit again, waits until it has lasted 10 s"};
    withdrawn.since = made - 4s;
    withdrawn.present = true;
    withdrawn.deadline = made + 6s;
    vip.addresses = {announced, withdrawn};
    return std::make_shared<const VipView>(std::move(vip));
}

std::shared_ptr<const bgp::PeerStatus> established_peer() {
    bgp::PeerStatus peer;
    peer.name = "cr1";
    peer.state = bgp::SessionState::established;
    peer.since = made - 700s;
    peer.reason_code = "established";
    peer.reason_text = "established";
    peer.established_count = 1;
    peer.negotiated_hold = 9s;
    peer.remote_id = 0xc0000201U;
    peer.families[Family::ipv4] = {.wanted = 1, .advertised = 1, .pending = 0, .negotiated = true};
    peer.messages_in = {{"keepalive", 240}, {"open", 1}};
    peer.messages_out = {{"keepalive", 239}, {"open", 1}, {"update", 2}};
    return std::make_shared<const bgp::PeerStatus>(std::move(peer));
}

std::shared_ptr<const bgp::PeerStatus> refused_peer() {
    bgp::PeerStatus peer;
    peer.name = "cr2";
    peer.state = bgp::SessionState::active;
    peer.since = made - 3s;
    peer.reason_code = "tcp-refused";
    peer.reason_text = "192.0.2.2:179 refused the connection";
    peer.next_dial = made + 5s;
    peer.last_notification_in = "6/2 Administrative Shutdown: \"maintenance <b>tonight</b>\"";
    return std::make_shared<const bgp::PeerStatus>(std::move(peer));
}

std::shared_ptr<const KernelView> kernel() {
    KernelView view;
    view.backend = "kernel";
    view.read_once = true;
    view.in_sync = false;
    view.writes = 17;
    view.drift = 2;
    ipvs::Refusal refusal;
    refusal.change = ipvs::AddDestination{
        ipvs::VirtualEndpoint{ipvs::Protocol::tcp, *Endpoint::parse("203.0.113.10:443")},
        {*Address::parse("10.0.0.11"), 443},
        ipvs::Destination()};
    refusal.error = {12, "Cannot allocate memory"};
    refusal.next_try = made + 1s;
    view.unmade_count = 1;
    view.unmade = {refusal.change};
    view.refusals.push_back(std::move(refusal));
    return std::make_shared<const KernelView>(std::move(view));
}

monitors::EngineStats probes() {
    Histogram durations({0.001, 0.01});
    durations.add(0.002, 690);
    durations.add(2, 10);
    monitors::EngineStats stats;
    stats.types = {{"http", 700, 10, durations}};
    stats.lateness = Histogram({0.001, 0.01});
    stats.lateness.add(0.0001, 700);
    stats.watches = 4;
    return stats;
}

HistogramView example_histogram(std::string name) {
    Histogram histogram({0.001, 0.01});
    histogram.add(0.0005, 3);
    return {std::move(name), "From a probe's result to what it changes.", {}, histogram};
}

}  // namespace

ServerView healthy_server(const std::string& name, const std::string& address) {
    ServerView server;
    server.name = name;
    server.address = *Address::parse(address);
    server.port = 443;
    server.weight = 10;
    server.health = monitors::Health::up;
    server.health_reason = {"up", "all 1 monitors are up"};
    server.health_since = made - 600s;
    server.admin_reason = {"configured", "enabled in the configuration"};
    server.placement = Placement::pooled;
    server.placement_reason = {"up", "up and enabled"};
    server.pooled = true;
    server.kernel_weight = 10;
    server.monitors = {
        {"http", false, monitors::Health::up, {"http-status", "HTTP status 200"}, made - 600s}};
    return server;
}

Snapshot example_snapshot() {
    Snapshot snapshot;
    snapshot.node = "lb1001";
    snapshot.version = "0.1.0";
    snapshot.made = made;
    snapshot.made_wall = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 5h;
    snapshot.started = made - 700s;
    snapshot.config = {"/etc/vipd/vipd.json", made - 60s, made - 60s, 2, 1, std::nullopt};
    snapshot.services.emplace("text-https", text_https());
    snapshot.vips.emplace("text", text_vip());
    snapshot.peers = {established_peer(), refused_peer()};
    snapshot.kernel = kernel();
    snapshot.control_probes = {
        {"loopback ipv4", monitors::Health::up, true, {"ok", "this host reaches itself"}},
        {"192.0.2.9",
         monitors::Health::down,
         false,
         {"timeout", "no answer within 500ms (connected after 0ms)"}}};
    snapshot.lists = {{"/etc/text.json", {"text"}, 4, made - 60s, std::nullopt},
                      {"/etc/up.json",
                       {"upload", "upload-lab"},
                       12,
                       made - 3600s,
                       "/etc/up.json:1:1: found no server, expected at least one server"}};
    snapshot.names = std::make_shared<const NameViews>(NameViews{
        {"cp2.example.org", {*Address::parse("10.0.0.12")}, made - 40s, made + 20s, std::nullopt},
        {"cp3.example.org",
         {*Address::parse("10.0.0.13"), *Address::parse("2001:db8::13")},
         made - 600s,
         std::nullopt,
         "ipv4: Timeout while contacting DNS servers"},
        {"cp9.example.org", {}, std::nullopt, made + 1s, "no such name (NXDOMAIN)"}});
    snapshot.alerts = {
        {"held", "text-https ipv4", "1 down server is kept in the pool: 1 of 4 up, floor 2",
         made - 14s},
        {"peer-down", "cr2", "active: 192.0.2.2:179 refused the connection", made - 3s},
        {"source-stale", "/etc/up.json",
         "/etc/up.json:1:1: found no server, expected at least one server", made - 20s}};
    snapshot.histograms = {example_histogram("vipd_verdict_to_kernel_seconds"),
                           example_histogram("vipd_verdict_to_wire_seconds")};
    snapshot.statistics =
        std::make_shared<const ipvs::Statistics>(ipvs::Statistics{{pool_v4().key, {}}});
    snapshot.probes = probes();
    snapshot.verdicts_in = true;
    return snapshot;
}

Snapshot large_snapshot(std::size_t services, std::size_t servers) {
    auto snapshot = example_snapshot();
    for (std::size_t s = 0; s < services; ++s) {
        ServiceView service = *text_https();
        service.name = fmt::format("service-{:04}", s);
        service.unresolved.clear();
        auto& pool = service.pools[0];
        pool.servers.clear();
        for (std::size_t i = 0; i < servers; ++i) {
            pool.servers.push_back(
                healthy_server(fmt::format("server-{:04}-{:02}", s, i),
                               fmt::format("10.{}.{}.{}", s / 250, s % 250, i + 1)));
        }
        pool.configured = pool.up = pool.pooled = servers;
        pool.held = 0;
        pool.floor = servers / 2;
        service.pools.resize(1);
        auto name = service.name;
        snapshot.services.emplace(std::move(name),
                                  std::make_shared<const ServiceView>(std::move(service)));
    }
    return snapshot;
}

}  // namespace vipd
