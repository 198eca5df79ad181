#include "src/config/kernel_service.hpp"

#include "src/config/config_text.hpp"
#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;

namespace {

/// The service "http" of a document with both families, after a merge patch on it.
ServiceConfig service_with(const std::string& patch) {
    auto document = dual_stack();
    document["services"]["http"].merge_patch(nlohmann::json::parse(patch));
    const auto reading = read(document);
    for (const auto& problem : reading.problems)
        UNSCOPED_INFO(problem.to_string());
    REQUIRE(reading.ok());
    return reading.config.services.at("http");
}

const Address vip_v4 = *Address::parse("203.0.113.10");
const Address vip_v6 = *Address::parse("2001:db8:f::10");
const Address a_v4 = *Address::parse("10.0.0.1");
const Address a_v6 = *Address::parse("2001:db8::1");

}  // namespace

TEST_CASE("without further keys a service is an ipip tunnel to servers of the VIP's family") {
    const auto service = service_with("{}");
    CHECK(kernel_key(service, vip_v6) ==
          ipvs::ServiceKey(ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {vip_v6, 80}}));
    const auto wanted = kernel_service(service, Family::ipv6);
    CHECK(wanted.options == ServiceConfig{}.options);
    CHECK(wanted.destinations == ipvs::Destinations{{{a_v6, 80}, ipvs::Destination{}}});
}

TEST_CASE("a tunnel has its type, port, checksum and outer family") {
    const auto service = service_with(
        R"({"tunnel": {"type": "gue", "port": 6080, "checksum": "remote", "outer_family": "ipv4"}})");
    const auto wanted = kernel_service(service, Family::ipv6);
    const ipvs::Tunnel tunnel{ipvs::TunnelType::gue, 6080, ipvs::TunnelChecksum::remote};
    CHECK(wanted.destinations == ipvs::Destinations{{{a_v4, 80}, {.tunnel = tunnel}}});
    CHECK(tunnel_text(service) == "gue port 6080 checksum remote over ipv4");
}

TEST_CASE("persistence takes the prefix length of the family") {
    const auto service =
        service_with(R"({"persistence": {"timeout": "2m", "ipv4_prefix": 24, "ipv6_prefix": 64}})");
    CHECK(kernel_options(service, Family::ipv4).persistence == ipvs::Persistence{120, 24, ""});
    CHECK(kernel_options(service, Family::ipv6).persistence == ipvs::Persistence{120, 64, ""});
    CHECK(config_text(service.persistence) == "2m for each /24, /64");
}

TEST_CASE("a firewall mark is a service for any port, in both families") {
    const auto service = service_with(R"({"port": null, "firewall_mark": 7, "monitors": []})");
    CHECK(kernel_key(service, vip_v4) == ipvs::ServiceKey(ipvs::FirewallMark{7, Family::ipv4}));
    CHECK(kernel_key(service, vip_v6) == ipvs::ServiceKey(ipvs::FirewallMark{7, Family::ipv6}));
    CHECK(kernel_service(service, Family::ipv4).destinations.contains({a_v4, 0}));
}

TEST_CASE("thresholds and one-packet scheduling are passed on") {
    const auto service = service_with(
        R"({"protocol": "udp", "one_packet": true, "monitors": [],
            "servers": {"a": {"upper_threshold": 9, "lower_threshold": 5}}})");
    const auto wanted = kernel_service(service, Family::ipv4);
    CHECK(wanted.options.one_packet);
    CHECK(wanted.destinations.at({a_v4, 80}).upper_threshold == 9);
    CHECK(wanted.destinations.at({a_v4, 80}).lower_threshold == 5);
}

TEST_CASE("another tunnel type and another forwarding leave inherited tunnel keys behind") {
    auto document = dual_stack();
    document["defaults"]["service"]["tunnel"] = {
        {"type", "gue"}, {"port", 6080}, {"checksum", "full"}};
    document["defaults"]["service"]["persistence"] = {{"timeout", "1m"}, {"ipv4_prefix", 24}};
    CHECK(read(document).config.services.at("http").tunnel ==
          ipvs::Tunnel{ipvs::TunnelType::gue, 6080, ipvs::TunnelChecksum::full});
    auto gre = document;
    gre["services"]["http"]["tunnel"] = {{"type", "gre"}};
    CHECK(read(gre).config.services.at("http").tunnel ==
          ipvs::Tunnel{ipvs::TunnelType::gre, 0, ipvs::TunnelChecksum::none});
    auto nat = document;
    nat["services"]["http"]["forwarding"] = "nat";
    CHECK(read(nat).ok());
    CHECK(read(nat).config.services.at("http").tunnel == ipvs::Tunnel{});
    auto longer = document;
    longer["services"]["http"]["persistence"] = {{"timeout", "2m"}};
    CHECK(read(longer).config.services.at("http").persistence == PersistenceConfig{120s, 24, 128});
    auto none = document;
    none["services"]["http"]["persistence"] = false;
    CHECK_FALSE(read(none).config.services.at("http").persistence);
}

TEST_CASE("timeouts that are not named are left as they are") {
    auto document = dual_stack();
    document["ipvs"]["timeouts"] = {{"tcp", "1h"}, {"udp", "30s"}};
    CHECK(read(document).config.ipvs.timeouts == ipvs::Timeouts{3600, 0, 30});
    document["ipvs"]["timeouts"] = {{"tcp", "1500ms"}};
    CHECK_FALSE(read(document).ok());
}
