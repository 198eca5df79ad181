// What changes step by step: attributes with health, weights of servers that begin, servers that
// leave one after the other.

#include "src/control/deadlines.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

bgp::RouteAttributes route_of(const Site& site) {
    return site.router.at(bgp::Prefix::host(ip("203.0.113.10")));
}

std::vector<std::string> codes_of(const Site& site, std::string_view start) {
    std::vector<std::string> codes;
    for (const auto& event : site.events()) {
        if (event.code.starts_with(start)) codes.push_back(event.code);
    }
    return codes;
}

/// Weight 100 each, of which a server that begins gets 10 and 10 more every 6 s.
Config slow_starting(unsigned servers) {
    auto config = small_config(servers);
    auto& service = config.services.at("web-80");
    service.options = {.scheduler = "wrr", .scheduler_flags = 0};
    service.slow_start = SlowStartConfig{};
    for (auto& [name, server] : service.servers)
        server.weight = 100;
    return config;
}

Site site_at_full_weight(unsigned servers) {
    Site site(slow_starting(servers));
    site.read_kernel();
    for (unsigned i = 1; i <= servers; ++i)
        site.up("s" + std::to_string(i));
    site.wait(1min);
    return site;
}

int weight_of(const Site& site, const std::string& address) {
    const auto weights = site.kernel();
    const auto found = weights.find(address);
    return found == weights.end() ? -1 : found->second;
}

std::size_t held_by_limit(Site& site) {
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& servers = snapshot->services.at("web-80")->pools.front().servers;
    return static_cast<std::size_t>(std::ranges::count_if(servers, [](const ServerView& server) {
        return server.placement_reason.code == "held-by-limit";
    }));
}

}  // namespace

TEST_CASE("below the floor a VIP is told with worse attributes, and not before min_interval") {
    auto config = small_config(4);
    config.vips.at("web").attributes.med = 7;
    Site site(config);
    site.read_kernel();
    for (const auto* name : {"s1", "s2", "s3", "s4"})
        site.up(name);
    CHECK(route_of(site).worse == bgp::Worsening{});
    for (const auto* name : {"s1", "s2", "s3"})
        site.down(name);
    CHECK(route_of(site).worse == bgp::Worsening{});  // announced just now
    CHECK(site.alerts() == std::vector<std::string>{"held"});
    site.wait(5s);
    CHECK(route_of(site).worse.med == 100);
    CHECK(route_of(site).med == 7);
    CHECK(site.alerts() == std::vector<std::string>{"degraded", "held"});
    site.up("s1");
    CHECK(route_of(site).worse.med == 100);
    site.wait(5s);
    CHECK(route_of(site).worse == bgp::Worsening{});
    CHECK(codes_of(site, "vip-") ==
          std::vector<std::string>{"vip-announced", "vip-degraded", "vip-restored"});
}

TEST_CASE("a withdrawal never waits, and what comes back is told as it is then") {
    auto site = site_with_all_up(2);
    site.down("s1");
    site.down("s2");
    CHECK_FALSE(site.announced());
    site.wait(1min);
    site.up("s1");
    site.wait(10s);
    CHECK(site.announced());
    site.down("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("an operator who changes his mind does not make a VIP flap") {
    auto config = small_config(1);
    config.stop.gshut_wait = 1s;
    Site site(config);
    site.read_kernel();
    site.up("s1");
    site.execute({}, Maintenance{true, "web", {}});
    site.wait(1s);
    CHECK_FALSE(site.announced());
    site.execute({}, Maintenance{false, "web", {}});
    CHECK_FALSE(site.announced());
    site.wait(3999ms);
    CHECK_FALSE(site.announced());
    site.wait(1ms);
    CHECK(site.announced());
}

TEST_CASE("a reload that turns degraded off betters the attributes") {
    auto site = site_with_all_up(4);
    site.wait(5s);
    for (const auto* name : {"s1", "s2", "s3"})
        site.down(name);
    CHECK(route_of(site).worse.med == 100);
    auto config = small_config(4);
    config.vips.at("web").degraded.reset();
    site.reload(config);
    CHECK(route_of(site).worse == bgp::Worsening{});
}

TEST_CASE("a reload that changes nothing tells routers nothing, whichever pool is degraded") {
    auto config = small_config(4);
    auto other = config.services.at("web-80");
    other.port = 443;
    other.servers = {{"t1", {}}};
    other.servers.at("t1").addresses = {ip("10.0.1.1")};
    config.services["web-443"] = other;
    Site site(config);
    site.read_kernel();
    for (const auto* name : {"s1", "s2", "s3", "s4"})
        site.up(name);
    site.verdict("t1", monitors::Health::up, "web-443");
    site.wait(5s);
    for (const auto* name : {"s1", "s2", "s3"})
        site.down(name);
    site.wait(5s);
    CHECK(route_of(site).worse.med == 100);
    site.told.clear();
    site.reload(config);
    site.wait(1min);
    CHECK(site.told.empty());
    CHECK(route_of(site).worse.med == 100);
}

TEST_CASE("a server that comes back gets its weight in steps, each one write") {
    auto site = site_at_full_weight(3);
    CHECK(weight_of(site, "10.0.0.1") == 100);
    site.down("s1");
    CHECK(weight_of(site, "10.0.0.1") == -1);
    site.wait(1min);
    const auto written = site.journal.size();
    site.up("s1");
    std::vector<int> weights;
    for (int i = 0; i < 11; ++i) {
        weights.push_back(weight_of(site, "10.0.0.1"));
        site.wait(6s);
    }
    CHECK(weights == std::vector<int>{10, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
    site.wait(10min);
    CHECK(site.journal.size() == written + 10);
    CHECK(site.server("s1").placement_reason.code == "up");
}

TEST_CASE("while its weight climbs a server is pooled, counts, and says so") {
    auto site = site_at_full_weight(2);
    site.down("s1");
    site.up("s1");
    const auto server = site.server("s1");
    CHECK(server.placement == Placement::pooled);
    CHECK(server.placement_reason.code == "slow-start");
    CHECK(server.kernel_weight == 10);
    CHECK(server.weight == 100);
    CHECK(site.announced());
}

TEST_CASE("a server that fails while its weight climbs begins anew") {
    auto site = site_at_full_weight(3);
    site.down("s1");
    site.up("s1");
    site.wait(30s);
    CHECK(weight_of(site, "10.0.0.1") == 50);
    site.down("s1");
    site.up("s1");
    CHECK(weight_of(site, "10.0.0.1") == 10);
}

TEST_CASE("a server that was held goes on with its whole weight") {
    auto site = site_at_full_weight(2);
    site.down("s1");
    site.wait(1s);
    site.down("s2");
    CHECK(weight_of(site, "10.0.0.2") == 100);
    site.up("s2");
    CHECK(weight_of(site, "10.0.0.2") == 100);
}

TEST_CASE("servers found in the kernel at start do not climb, whatever they weigh") {
    auto site = site_at_full_weight(2);
    auto found = site.table;
    found.begin()->second.destinations.begin()->second.weight = 30;
    Site next(slow_starting(2), found);
    next.read_kernel();
    CHECK(weight_of(next, "10.0.0.1") == 30);
    next.up("s1");
    next.up("s2");
    CHECK(weight_of(next, "10.0.0.1") == 100);
    CHECK(weight_of(next, "10.0.0.2") == 100);
}

TEST_CASE("a reload does not make weights begin anew, and a server that is enabled again does") {
    auto site = site_at_full_weight(3);
    site.down("s1");
    site.up("s1");
    site.wait(30s);
    site.reload(slow_starting(3));
    CHECK(weight_of(site, "10.0.0.1") == 50);
    site.wait(30s);
    CHECK(weight_of(site, "10.0.0.1") == 100);
    site.reload(slow_starting(2));  // s3 is gone, and drained
    CHECK(weight_of(site, "10.0.0.3") == 0);
    site.reload(slow_starting(3));
    CHECK(weight_of(site, "10.0.0.3") == 10);
    CHECK(weight_of(site, "10.0.0.2") == 100);
}

TEST_CASE("servers that fail together leave one after the other, and none counts as up") {
    auto config = small_config(6);
    config.services.at("web-80").max_leaving = MaxLeavingConfig{};
    config.services.at("web-80").depool_threshold = *Fraction::parse("0.5");
    Site site(config);
    site.read_kernel();
    for (unsigned i = 1; i <= 6; ++i)
        site.up("s" + std::to_string(i));
    for (const auto* name : {"s1", "s2", "s3", "s4"}) {
        site.down(name);
        site.wait(1s);
    }
    // The floor of 3 holds one of the four; of the others one has left.
    CHECK(site.kernel().size() == 5);
    CHECK(held_by_limit(site) == 2);
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& pool = snapshot->services.at("web-80")->pools.front();
    CHECK(pool.up == 2);
    CHECK(pool.held == 3);
    CHECK(site.alerts() == std::vector<std::string>{"correlated-failures", "held"});
    site.wait(10s);
    CHECK(site.kernel().size() == 4);
    site.wait(10s);
    CHECK(site.kernel().size() == 3);
    site.wait(1min);
    CHECK(site.kernel().size() == 3);
    CHECK(held_by_limit(site) == 0);
}

TEST_CASE("what is held because others have just left does not keep a VIP announced") {
    auto config = small_config(3);
    config.services.at("web-80").max_leaving = MaxLeavingConfig{};
    config.services.at("web-80").depool_threshold = Fraction{};
    Site site(config);
    site.read_kernel();
    for (const auto* name : {"s1", "s2", "s3"})
        site.up(name);
    for (const auto* name : {"s1", "s2", "s3"})
        site.down(name);
    CHECK(site.kernel().size() == 2);
    CHECK_FALSE(site.announced());
    site.wait(20s);
    CHECK(site.kernel().empty());
}

TEST_CASE("a limit on leaving neither binds operators nor is forgotten by a reload") {
    auto config = small_config(6);
    config.services.at("web-80").max_leaving = MaxLeavingConfig{};
    Site site(config);
    site.read_kernel();
    for (unsigned i = 1; i <= 6; ++i)
        site.up("s" + std::to_string(i));
    site.down("s1");
    site.reload(config);
    site.down("s2");
    CHECK(held_by_limit(site) == 1);
    site.execute({}, SetAdmin{"web-80", "s3", Admin::disabled, false, {}});
    CHECK(site.kernel().size() == 4);
}

TEST_CASE("deadlines tell the earliest, and what is due") {
    Deadlines<std::string> deadlines;
    const TimePoint start{1h};
    CHECK_FALSE(deadlines.earliest());
    deadlines.set("b", start + 2s);
    deadlines.set("a", start + 3s);
    deadlines.set("c", start + 9s);
    CHECK(deadlines.earliest() == start + 2s);
    CHECK(deadlines.due(start + 1s).empty());
    CHECK(deadlines.due(start + 3s) == std::vector<std::string>{"b", "a"});
    deadlines.bring_forward("a", start + 4s);
    CHECK(deadlines.earliest() == start + 2s);
    deadlines.bring_forward("a", start + 1s);
    CHECK(deadlines.earliest() == start + 1s);
    deadlines.set("a", start + 5s);
    deadlines.set("b", std::nullopt);
    CHECK(deadlines.earliest() == start + 5s);
    CHECK(deadlines.all().size() == 2);
    deadlines.clear();
    CHECK_FALSE(deadlines.earliest());
}
