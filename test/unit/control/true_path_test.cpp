// Probes through the VIP and the private services that they need.

#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <variant>

using namespace vipd;
using namespace vipd::test;

namespace {

constexpr std::uint32_t first_mark = 0x10000000;

MonitorConfig through_vip() {
    MonitorConfig monitor;
    monitor.check = monitors::TcpCheck{};
    monitor.via_vip = true;
    return monitor;
}

Config site_config(unsigned servers) {
    auto config = small_config(servers);
    config.services.at("web-80").monitors.push_back(through_vip());
    return config;
}

/// Server by mark.
std::map<std::uint32_t, std::string> private_services(const Site& site) {
    std::map<std::uint32_t, std::string> found;
    for (const auto& [key, service] : site.table) {
        const auto* mark = std::get_if<ipvs::FirewallMark>(&key);
        if (mark != nullptr)
            found[mark->mark] = service.destinations.begin()->first.address.to_string();
    }
    return found;
}

/// Mark by server, of the probes through the VIP that run.
std::map<std::string, std::uint32_t> running(const Site& site) {
    std::map<std::string, std::uint32_t> found;
    for (const auto& [id, plan] : site.probes()) {
        if (plan.path) found[plan.path->server.to_string()] = plan.path->mark;
    }
    return found;
}

ipvs::Table one_private_service(std::uint32_t mark, const std::string& server) {
    VipPathKey key;
    key.server = {ip(server), 0};
    return {{ipvs::FirewallMark{mark, Family::ipv4}, private_service(key)}};
}

}  // namespace

TEST_CASE("a probe through the VIP runs once the kernel has its private service") {
    Site site(site_config(2));
    CHECK(site.probes().size() == 2);  // those to the servers' own addresses
    site.kernel_answers = false;
    site.read_kernel();
    CHECK(running(site).empty());
    CHECK(site.server("s1").health_reason.code == "not-judged");
    site.settle();
    CHECK(running(site) == std::map<std::string, std::uint32_t>{{"10.0.0.1", first_mark},
                                                                {"10.0.0.2", first_mark + 1}});
    for (const auto& [id, plan] : site.probes()) {
        if (!plan.path) continue;
        CHECK(plan.target == Endpoint{ip("203.0.113.10"), 80});
        CHECK(plan.path->source_port == 20000 + (plan.path->mark - first_mark));
    }
    CHECK(private_services(site) == std::map<std::uint32_t, std::string>{
                                        {first_mark, "10.0.0.1"}, {first_mark + 1, "10.0.0.2"}});
}

TEST_CASE("nothing is announced before servers have answered through the VIP") {
    Site site(site_config(1));
    site.read_kernel();
    site.up("s1");  // on its own address
    site.wait(10min);
    CHECK(site.kernel().empty());
    CHECK_FALSE(site.announced());
    for (const auto& [id, plan] : site.probes()) {
        if (!plan.path) continue;
        monitors::Verdict verdict;
        verdict.id = id;
        verdict.health = monitors::Health::up;
        site.controller.handle(verdict, site.now);
    }
    site.wait(1ms);
    CHECK(site.kernel().size() == 1);
    CHECK(site.announced());
}

TEST_CASE("a private service of an earlier run is adopted without a write, mark and all") {
    Site site(site_config(1), one_private_service(first_mark + 77, "10.0.0.1"));
    site.read_kernel();
    CHECK(running(site) == std::map<std::string, std::uint32_t>{{"10.0.0.1", first_mark + 77}});
    for (const auto& line : site.journal)
        CHECK(line.find("fwmark") == std::string::npos);
}

TEST_CASE("a mark of the range that somebody else uses is left alone") {
    auto table = one_private_service(first_mark, "10.9.9.9");
    Site site(site_config(1), table);
    site.read_kernel();
    site.wait(1min);
    CHECK(running(site).at("10.0.0.1") == first_mark + 1);
    CHECK(private_services(site).at(first_mark) == "10.9.9.9");
    site.reload(small_config(1));
    site.wait(1min);
    CHECK(private_services(site) == std::map<std::uint32_t, std::string>{{first_mark, "10.9.9.9"}});
}

TEST_CASE("reloads leave neither probes nor private services behind") {
    Site site(site_config(3));
    site.read_kernel();
    const auto probes = site.probes().size();
    for (int i = 0; i < 3; ++i) {
        site.reload(small_config(2));
        CHECK(running(site).empty());
        CHECK(private_services(site).size() == 3);  // probes may still be under way
        site.wait(3s);
        CHECK(private_services(site).empty());
        CHECK(site.probes().size() == 2);
        site.reload(site_config(3));
        CHECK(running(site).size() == 3);
        CHECK(private_services(site).size() == 3);
        CHECK(site.probes().size() == probes);
    }
    CHECK(running(site).at("10.0.0.1") == first_mark + 9);  // no mark was used again
}

TEST_CASE("a reload that brings a probe back at once changes nothing in the kernel") {
    Site site(site_config(2));
    site.read_kernel();
    const auto before = running(site);
    const auto writes = site.journal.size();
    site.reload(small_config(2));
    site.wait(1s);
    site.reload(site_config(2));
    site.wait(1min);
    CHECK(running(site) == before);
    CHECK(site.journal.size() == writes);
}

TEST_CASE("a probe whose private service is gone from the kernel does not run") {
    Site site(site_config(2));
    site.read_kernel();
    site.table.erase(ipvs::FirewallMark{first_mark, Family::ipv4});
    site.sweep();
    CHECK_FALSE(running(site).contains("10.0.0.1"));
    CHECK(running(site).contains("10.0.0.2"));
    site.settle();
    CHECK(running(site).at("10.0.0.1") == first_mark);
}

TEST_CASE("services that forward to a server in the same way share its private service") {
    auto config = site_config(1);
    config.vips.at("web").when = AnnounceWhen{};
    auto other = config.services.at("web-80");
    other.port = 443;
    config.services["web-443"] = other;
    Site site(config);
    site.read_kernel();
    CHECK(private_services(site).size() == 1);
    CHECK(site.probes().size() == 4);
}

TEST_CASE("different probes of one server to one port get marks of their own") {
    auto config = site_config(1);
    auto& monitors = config.services.at("web-80").monitors;
    monitors.push_back(through_vip());  // the same: shares its runs
    monitors.push_back(through_vip());
    monitors.back().check = monitors::IdleTcpCheck{};
    Site site(config);
    site.read_kernel();
    CHECK(private_services(site).size() == 2);
    CHECK(site.probes().size() == 4);
}

TEST_CASE("a stop that empties the kernel takes the private services along") {
    auto config = site_config(2);
    config.ipvs.on_stop = IpvsConfig::OnStop::flush;
    Site site(config);
    site.read_kernel();
    site.stop();
    site.wait(1min);
    CHECK(site.finished);
    CHECK(site.table.empty());
    CHECK(running(site).empty());
}

TEST_CASE("a reload near the end of a stop brings no private service back") {
    auto config = site_config(1);
    config.ipvs.on_stop = IpvsConfig::OnStop::flush;
    Site site(config);
    site.read_kernel();
    site.kernel_answers = false;
    site.stop();
    site.wait(1s);
    CHECK_FALSE(site.finished);
    site.reload(site_config(2));
    site.settle();
    CHECK(private_services(site).empty());
}
