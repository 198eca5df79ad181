#include "ipvs/doctor.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

/// A host on which nothing is to be found fault with.
HostFacts healthy() {
    return {.sysctls = {{"net/ipv4/ip_forward", 1},
                        {"net/ipv6/conf/all/forwarding", 1},
                        {"net/ipv4/conf/all/rp_filter", 0},
                        {"net/ipv4/conf/eth0/rp_filter", 2},
                        {"net/ipv4/conf/all/arp_ignore", 1},
                        {"net/ipv4/conf/all/arp_announce", 2},
                        {"net/ipv4/vs/conntrack", 0},
                        {"net/ipv4/vs/expire_nodest_conn", 1},
                        {"net/ipv4/vs/expire_quiescent_template", 1},
                        {"net/ipv4/vs/conn_reuse_mode", 1},
                        {"net/ipv4/vs/sloppy_tcp", 1}},
            .interfaces = {"eth0"},
            .modules = {"ip_vs_mh", "ip_vs_wrr"},
            .mtu_to = {{server("10.0.0.11:443").address, 1520}}};
}

Table one_service(const std::string& endpoint, const std::string& destination,
                  const Destination& value) {
    Service service;
    service.options.scheduler = "mh";
    service.destinations[server(destination)] = value;
    return {{tcp(endpoint), service}};
}

Table tunnelled() {
    return one_service("203.0.113.10:443", "10.0.0.11:443", {});
}

Table by_nat(const std::string& endpoint = "203.0.113.10:443",
             const std::string& destination = "10.0.0.11:443") {
    return one_service(endpoint, destination, {.forwarding = Forwarding::nat});
}

Lines codes(const HostFacts& host, const Table& services, const SiteFacts& site = {}) {
    Lines found;
    for (const Problem& problem : examine(host, site, services))
        found.push_back(problem.code);
    return found;
}

/// What is found when one setting of the healthy host is another.
Lines codes_with(const std::string& sysctl, std::int64_t value, const Table& services) {
    auto host = healthy();
    REQUIRE(host.sysctls.contains(sysctl));
    host.sysctls[sysctl] = value;
    return codes(host, services);
}

const Lines none;

}  // namespace

TEST_CASE("a host as it should be, and one of which nothing is known, are not found fault with") {
    CHECK(codes(healthy(), tunnelled()) == none);
    HostFacts unknown;
    unknown.modules = {"ip_vs_mh"};
    CHECK(codes(unknown, tunnelled()) == none);
    CHECK(codes(unknown, by_nat()) == none);
}

TEST_CASE("nothing is said where nothing is served") {
    auto host = healthy();
    for (auto& [name, value] : host.sysctls)
        value = 0;
    CHECK(codes(host, {}) == none);
}

TEST_CASE("forwarding is needed for nat alone, in the VIP's family") {
    CHECK(codes_with("net/ipv4/ip_forward", 0, by_nat()) == Lines{"ip-forward"});
    CHECK(codes_with("net/ipv4/ip_forward", 0, tunnelled()) == none);
    const auto v6 = by_nat("[2001:db8:f::10]:443", "[2001:db8::11]:443");
    CHECK(codes_with("net/ipv4/ip_forward", 0, v6) == none);
    CHECK(codes_with("net/ipv6/conf/all/forwarding", 0, v6) == Lines{"ip-forward"});
}

TEST_CASE("the larger of an interface's and the common rp_filter counts") {
    CHECK(codes_with("net/ipv4/conf/eth0/rp_filter", 1, tunnelled()) == Lines{"rp-filter"});
    CHECK(codes_with("net/ipv4/conf/all/rp_filter", 1, tunnelled()) == none);
    auto host = healthy();
    host.sysctls["net/ipv4/conf/eth0/rp_filter"] = 0;
    host.sysctls["net/ipv4/conf/all/rp_filter"] = 1;
    CHECK(codes(host, tunnelled()) == Lines{"rp-filter"});
}

TEST_CASE("answers to probes through the VIP are let in on the interface where they arrive") {
    SiteFacts site;
    site.probed_through_vip = {*Address::parse("10.0.0.11")};
    auto host = healthy();
    host.interface_to[*Address::parse("10.0.0.11")] = "eth0";
    host.sysctls["net/ipv4/conf/all/accept_local"] = 0;
    host.sysctls["net/ipv4/conf/eth0/accept_local"] = 0;
    const auto told = [&] {
        Lines codes;
        for (const auto& problem : examine(host, site, tunnelled()))
            codes.push_back(problem.code);
        return codes;
    };
    CHECK(told() == Lines{"accept-local"});
    CHECK(codes(host, tunnelled()) == none);  // without such probes
    host.sysctls["net/ipv4/conf/all/accept_local"] = 1;
    CHECK(told() == none);
    host.sysctls["net/ipv4/conf/all/accept_local"] = 0;
    host.sysctls["net/ipv4/conf/eth0/accept_local"] = 1;
    CHECK(told() == none);
}

TEST_CASE("each setting of IPVS is judged where it matters") {
    CHECK(codes_with("net/ipv4/vs/conntrack", 1, tunnelled()) == Lines{"conntrack"});
    CHECK(codes_with("net/ipv4/vs/conntrack", 1, by_nat()) == none);
    CHECK(codes_with("net/ipv4/vs/expire_nodest_conn", 0, by_nat()) == Lines{"expire-nodest-conn"});
    CHECK(codes_with("net/ipv4/vs/conn_reuse_mode", 0, by_nat()) == Lines{"conn-reuse-mode"});
    CHECK(codes_with("net/ipv4/vs/expire_quiescent_template", 0, by_nat()) == none);
    auto persistent = by_nat();
    persistent.begin()->second.options.persistence = Persistence{};
    CHECK(codes_with("net/ipv4/vs/expire_quiescent_template", 0, persistent) ==
          Lines{"expire-quiescent-template"});
}

TEST_CASE("the settings that vipd comes with leave nothing of IPVS to be found fault with") {
    auto host = healthy();
    std::erase_if(host.sysctls,
                  [](const auto& entry) { return entry.first.find("/vs/") != std::string::npos; });
    std::ifstream file(VIPD_SOURCE_DIR "/etc/sysctl.d/80-vipd.conf");
    std::size_t settings = 0;
    for (std::string line; std::getline(file, line);) {
        const auto equals = line.find(" = ");
        if (line.starts_with('#') || equals == std::string::npos) continue;
        auto name = line.substr(0, equals);
        std::ranges::replace(name, '.', '/');
        CHECK(healthy().sysctls.contains(name));  // one that the doctor looks at
        host.sysctls[name] = std::stoi(line.substr(equals + 3));
        ++settings;
    }
    CHECK(settings == 3);
    auto persistent = tunnelled();
    persistent.begin()->second.options.persistence = Persistence{};
    CHECK(codes(host, persistent) == none);
}

TEST_CASE("ARP settings are hinted at for VIPs, not for marks") {
    CHECK(codes_with("net/ipv4/conf/all/arp_ignore", 0, by_nat()) == Lines{"arp-ignore"});
    CHECK(codes_with("net/ipv4/conf/all/arp_announce", 0, by_nat()) == Lines{"arp-announce"});
    const Table marked{{FirewallMark{7, Family::ipv4}, by_nat().begin()->second}};
    CHECK(codes_with("net/ipv4/conf/all/arp_ignore", 0, marked) == none);
}

TEST_CASE("balancers that share a VIP need sloppy_tcp and a consistent scheduler, for tcp") {
    CHECK(codes_with("net/ipv4/vs/sloppy_tcp", 0, tunnelled()) == Lines{"sloppy-tcp"});
    auto wrr = tunnelled();
    wrr.begin()->second.options.scheduler = "wrr";
    CHECK(codes(healthy(), wrr) == Lines{"scheduler-not-consistent"});
    CHECK(codes(healthy(), wrr, {.several_balancers = false}) == none);
    const Table over_udp{{udp("203.0.113.10:443"), wrr.begin()->second}};
    CHECK(codes_with("net/ipv4/vs/sloppy_tcp", 0, over_udp) == none);
}

TEST_CASE("schedulers that are not loaded are named once") {
    auto host = healthy();
    host.modules.clear();
    auto two = tunnelled();
    two[tcp("203.0.113.10:80")] = {.options = {.scheduler = "mh"}};
    CHECK(codes(host, two) == Lines{"scheduler-not-loaded"});
}

TEST_CASE("a tunnel needs room for its header, and the text says how much") {
    auto host = healthy();
    host.mtu_to[server("10.0.0.11:443").address] = 1519;
    const auto problems = examine(host, {}, tunnelled());
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == "tunnel-mtu");
    CHECK(problems[0].destination == server("10.0.0.11:443"));
    CHECK(problems[0].text() ==
          "full packets do not fit into the tunnel to 10.0.0.11 (MTU 1519, needed 1520): raise the "
          "MTU on the way, or have the server offer an MSS of at most 1459 (IPv6: 1439)");
}

TEST_CASE("every kind of tunnel has its own overhead") {
    const auto fits = [](const Tunnel& tunnel, std::uint32_t mtu) {
        auto host = healthy();
        host.mtu_to[server("10.0.0.11:443").address] = mtu;
        return codes(host, one_service("203.0.113.10:443", "10.0.0.11:443", {.tunnel = tunnel})) ==
               none;
    };
    const auto exactly = [&](const Tunnel& tunnel, std::uint32_t mtu) {
        return fits(tunnel, mtu) && !fits(tunnel, mtu - 1);
    };
    CHECK(exactly({TunnelType::ipip, 0, TunnelChecksum::none}, 1520));
    CHECK(exactly({TunnelType::gue, 6080, TunnelChecksum::none}, 1532));
    CHECK(exactly({TunnelType::gue, 6080, TunnelChecksum::remote}, 1540));
    CHECK(exactly({TunnelType::gre, 0, TunnelChecksum::none}, 1524));
    CHECK(exactly({TunnelType::gre, 0, TunnelChecksum::full}, 1528));
}

TEST_CASE("the worst comes first") {
    auto host = healthy();
    for (auto& [name, value] : host.sysctls)
        value = 0;
    const auto problems = examine(host, {}, by_nat());
    REQUIRE(problems.size() > 3);
    CHECK(problems.front().severity == Severity::error);
    CHECK(problems.back().severity == Severity::hint);
    CHECK(std::ranges::is_sorted(problems, std::ranges::greater{}, &Problem::severity));
}
