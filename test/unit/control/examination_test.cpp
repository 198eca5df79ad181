#include "src/control/examination.hpp"

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

ipvs::HostFacts strict_host() {
    ipvs::HostFacts host;
    host.modules = {"ip_vs_mh"};
    host.sysctls = {{"net/ipv4/vs/sloppy_tcp", 0}};
    return host;
}

std::vector<std::string> codes(const std::vector<Finding>& findings) {
    std::vector<std::string> found;
    for (const auto& finding : findings)
        found.push_back(finding.service.value_or("host") + " " + finding.problem.code);
    return found;
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("the doctor speaks of the host and of the services, the worst first") {
    auto config = small_config(2);
    CHECK(codes(examination(config, configured_table(config), strict_host())) ==
          Codes{"host sloppy-tcp"});
    config.services.at("web-80").options.one_packet = true;
    CHECK(codes(examination(config, configured_table(config), strict_host())) ==
          Codes{"web-80 one-packet-needs-udp", "host sloppy-tcp"});
}

TEST_CASE("what both families of a service have in common is said once") {
    auto config = small_config(1);
    config.vips.at("web").addresses.push_back(ip("2001:db8:f::10"));
    config.services.at("web-80").servers.at("s1").addresses.push_back(ip("2001:db8::1"));
    config.services.at("web-80").options.scheduler_flags = 0;
    const auto table = configured_table(config);
    CHECK(table.size() == 2);
    CHECK(codes(examination(config, table, {.sysctls = {}, .modules = {"ip_vs_mh"}})) ==
          Codes{"web-80 no-fallback"});
}

TEST_CASE("flows are only lost between balancers, so one that announces nothing need not care") {
    auto config = small_config(1);
    config.bgp.reset();
    CHECK(examination(config, configured_table(config), strict_host()).empty());
}

TEST_CASE("the memory backend has no kernel to be set up") {
    auto config = small_config(1);
    config.ipvs.backend = IpvsConfig::BackendKind::memory;
    CHECK(examination(config, configured_table(config), strict_host()).empty());
}
