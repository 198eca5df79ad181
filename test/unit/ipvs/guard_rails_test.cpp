#include "ipvs/guard_rails.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

const ServiceKey v4 = tcp("203.0.113.10:443");
const ServiceKey v4_udp = udp("203.0.113.10:53");
const ServiceKey v6 = tcp("[2001:db8:f::10]:443");
const ServiceKey mark = FirewallMark{7, Family::ipv4};
constexpr std::uint32_t fallback = 0x08;

Lines codes(const ServiceKey& key, const Service& service) {
    Lines found;
    for (const Problem& problem : check(key, service))
        found.push_back(problem.code);
    return found;
}

Lines codes(const ServiceKey& key, const ServiceOptions& options) {
    return codes(key, Service{.options = options});
}

Lines codes(const ServiceKey& key, const std::string& endpoint, const Destination& destination) {
    Service service;
    service.destinations[server(endpoint)] = destination;
    return codes(key, service);
}

const Lines none;

}  // namespace

TEST_CASE("services as they should be have no problem") {
    CHECK(codes(v4, pool({{"10.0.0.11:443", 1}, {"[2001:db8::11]:443", 0}})) == none);
    CHECK(codes(v6, {.scheduler = "mh", .scheduler_flags = 0x18}) == none);
    CHECK(codes(v4_udp, {.one_packet = true}) == none);
    CHECK(codes(mark, {.one_packet = true}) == none);
    CHECK(codes(v6, {.persistence = Persistence{300, 64, ""}}) == none);
    CHECK(codes(v4_udp, {.persistence = Persistence{300, 32, "sip"}}) == none);
    CHECK(codes(v4, "10.0.0.11:8443", {.forwarding = Forwarding::nat}) == none);
    CHECK(codes(mark, "10.0.0.11:0", {.forwarding = Forwarding::dr}) == none);
    CHECK(codes(mark, "10.0.0.11:8080", {.forwarding = Forwarding::nat}) == none);
    CHECK(codes(v4, "10.0.0.11:443", {.tunnel = {TunnelType::gue, 6080, TunnelChecksum::remote}}) ==
          none);
}

TEST_CASE("one-packet scheduling is for udp") {
    CHECK(codes(v4, {.one_packet = true}) == Lines{"one-packet-needs-udp"});
}

TEST_CASE("dr and tunnel cannot change the port") {
    CHECK(codes(v4, "10.0.0.11:8443", {.forwarding = Forwarding::dr}) == Lines{"port-remapped"});
    CHECK(codes(v4, "10.0.0.11:8443", {.forwarding = Forwarding::tunnel}) ==
          Lines{"port-remapped"});
    CHECK(codes(mark, "10.0.0.11:80", {.forwarding = Forwarding::dr}) == Lines{"port-remapped"});
}

TEST_CASE("only a tunnel crosses families") {
    CHECK(codes(v4, "[2001:db8::11]:443", {.forwarding = Forwarding::dr}) ==
          Lines{"families-differ"});
    CHECK(codes(v6, "10.0.0.11:443", {.forwarding = Forwarding::nat}) == Lines{"families-differ"});
    CHECK(codes(mark, "[2001:db8::11]:0", {.forwarding = Forwarding::nat}) ==
          Lines{"families-differ"});
}

TEST_CASE("tunnel options must fit the tunnel") {
    const auto with = [](const Tunnel& tunnel) {
        return codes(v4, "10.0.0.11:443", {.tunnel = tunnel});
    };
    CHECK(with({TunnelType::gue, 0, TunnelChecksum::none}) == Lines{"gue-needs-port"});
    CHECK(with({TunnelType::gre, 6080, TunnelChecksum::none}) == Lines{"port-needs-gue"});
    CHECK(with({TunnelType::ipip, 0, TunnelChecksum::full}) == Lines{"ipip-has-no-checksum"});
    CHECK(with({TunnelType::gre, 0, TunnelChecksum::remote}) == Lines{"remote-checksum-needs-gue"});
    CHECK(codes(v4, "10.0.0.11:443",
                {.forwarding = Forwarding::nat,
                 .tunnel = {TunnelType::gre, 0, TunnelChecksum::none}}) ==
          Lines{"tunnel-options-without-tunnel"});
}

TEST_CASE("persistence has its ranges, and all ports need it") {
    CHECK(codes(v4, {.persistence = Persistence{0, 32, ""}}) == Lines{"persistence-timeout"});
    CHECK(codes(v4, {.persistence = Persistence{2678401, 32, ""}}) == Lines{"persistence-timeout"});
    CHECK(codes(v4, {.persistence = Persistence{300, 33, ""}}) == Lines{"persistence-prefix"});
    CHECK(codes(v6, {.persistence = Persistence{300, 0, ""}}) == Lines{"persistence-prefix"});
    CHECK(codes(v6, {.persistence = Persistence{300, 129, ""}}) == Lines{"persistence-prefix"});
    CHECK(codes(v4_udp, {.persistence = Persistence{300, 32, "sap"}}) ==
          Lines{"unknown-persistence-engine"});
    CHECK(codes(v4, {.persistence = Persistence{300, 32, "sip"}}) == Lines{"sip-needs-udp"});
    CHECK(codes(tcp("203.0.113.10:0"), ServiceOptions{}) == Lines{"all-ports-need-persistence"});
    CHECK(codes(tcp("203.0.113.10:0"), {.persistence = Persistence{300, 32, ""}}) == none);
}

TEST_CASE("a hash scheduler without fallback is warned of, whatever the weights") {
    for (const char* scheduler : {"mh", "sh"}) {
        auto service = pool({{"10.0.0.11:443", 1}});
        service.options.scheduler = scheduler;
        auto problems = check(v4, service);
        REQUIRE(problems.size() == 1);
        CHECK(problems[0].code == "no-fallback");
        CHECK(problems[0].severity == Severity::warning);
        service.destinations.begin()->second.weight = 0;
        problems = check(v4, service);
        REQUIRE(problems.size() == 1);
        CHECK(problems[0].severity == Severity::warning);
        service.options.scheduler_flags = fallback;
        CHECK(check(v4, service).empty());
    }
}

TEST_CASE("schedulers must exist, and flags must be theirs") {
    CHECK(codes(v4, {.scheduler = "nonsense"}) == Lines{"unknown-scheduler"});
    CHECK(codes(v4, {.scheduler = "wrr", .scheduler_flags = fallback}) ==
          Lines{"scheduler-without-flags"});
    CHECK(codes(v4, {.scheduler = "mh", .scheduler_flags = 0x28}) ==
          Lines{"unknown-scheduler-flag"});
}

TEST_CASE("different weights are pointless under schedulers that ignore them") {
    auto service = pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 2}, {"10.0.0.13:443", 0}});
    service.options.scheduler = "rr";
    const auto problems = check(v4, service);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == "weights-ignored");
    CHECK(problems[0].severity == Severity::warning);
    service.destinations[server("10.0.0.12:443")].weight = 1;
    CHECK(check(v4, service).empty());
}

TEST_CASE("numbers must be in range") {
    CHECK(codes(v4, "10.0.0.11:443", {.weight = -1}) == Lines{"weight"});
    CHECK(codes(v4, "10.0.0.11:443", {.weight = 65536}) == Lines{"weight"});
    CHECK(codes(v4, "10.0.0.11:443", {.upper_threshold = 1, .lower_threshold = 2}) ==
          Lines{"thresholds"});
    for (const char* endpoint : {"224.0.0.1:443", "0.0.0.0:443", "[fe80::1]:443", "[::]:443"}) {
        CHECK(codes(v4, endpoint, {}) == Lines{"not-unicast"});
    }
}

TEST_CASE("a problem names its destination, what was found, and the remedy") {
    Service service = pool({{"10.0.0.11:443", 1}});
    service.destinations[server("10.0.0.12:8443")] = {.forwarding = Forwarding::dr};
    CHECK(check(v4, service) ==
          std::vector<Problem>{{Severity::error, "port-remapped",
                                "dr leaves the packet's port as it is",
                                "use port 443, or forwarding nat", server("10.0.0.12:8443")}});
    CHECK(to_string(Severity::hint) == "hint");
}
