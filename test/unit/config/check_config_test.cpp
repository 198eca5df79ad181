#include "src/config/check_config.hpp"

#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace vipd::test;
using Lines = std::vector<std::string>;
using Case = std::pair<std::string, Lines>;

TEST_CASE("VIPs that announce nothing, or not what they seem to, are refused") {
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"vips": {"idle": {"addresses": ["203.0.113.11"]}}})",
             {" /vips/idle: found no service with this VIP, expected at least one: a VIP without "
              "services announces "
              "nothing"}},
            {R"({"services": {"tls": {"vip": "web", "port": 443, "servers": {"a": {"address": "10.0.0.1"}},
                  "monitors": []}}})",
             {R"( /vips/web/announce/when: found nothing, and 2 services on this VIP, expected "all", "any" or {"at_least": n}, because there are several services)"}},
            {R"({"vips": {"web": {"announce": {"when": {"at_least": 2}}}}})",
             {" /vips/web/announce/when/at_least: found 2, expected at most 1, the number of "
              "services on this VIP"}},
            {R"({"vips": {"web": {"addresses": ["203.0.113.10", "203.0.113.11"]}}})",
             {" /vips/web/addresses/1: found a second ipv4 address, expected at most one address "
              "of each family; use "
              "two VIPs"}},
            {R"({"vips": {"xyz": {"addresses": ["203.0.113.10"]}}, "services": {"http2": {"vip": "xyz", "port": 80,
                  "servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})",
             {R"( /vips/xyz/addresses/0: found 203.0.113.10, which is also an address of the VIP "web", expected each address in one VIP only)"}},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == lines);
    }
}

TEST_CASE("a VIP is an address that routers can send to this host") {
    for (const auto* address :
         {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1"}) {
        auto document = smallest();
        document["vips"]["web"]["addresses"] = {address};
        CAPTURE(address);
        CHECK(problems_of(document).size() == 1);
    }
    for (const auto* address : {"::", "::1", "ff02::1", "fe80::1", "::ffff:203.0.113.10"}) {
        auto document = dual_stack();
        document["vips"]["web"]["addresses"] = {address};
        CAPTURE(address);
        CHECK(problems_of(document).size() == 1);
    }
}

TEST_CASE("a slow start is refused where balancers would disagree, or weights are no shares") {
    for (const auto* scheduler : {"mh", "sh", "dh", "rr", "lc", "fo", "ovf"}) {
        auto document = smallest();
        document["services"]["http"]["scheduler"] = scheduler;
        document["services"]["http"]["slow_start"] = nlohmann::json::object();
        CAPTURE(scheduler);
        const auto problems = problems_of(document);
        REQUIRE(problems.size() == 1);
        CHECK(
            problems.front() ==
            R"( /services/http/slow_start: found the scheduler ")" + std::string(scheduler) +
                R"(", expected false, or the scheduler "wrr", "wlc", "lblc", "lblcr", "sed", "nq" or "twos": with others balancers would disagree, or weights are no shares)");
    }
    for (const auto* scheduler : {"wrr", "wlc", "sed"}) {
        auto document = smallest();
        document["services"]["http"]["scheduler"] = scheduler;
        document["services"]["http"]["slow_start"] = {{"window", "30s"}, {"min_percent", 20}};
        document["services"]["http"]["servers"]["a"]["weight"] = 9;
        CAPTURE(scheduler);
        const auto reading = read(document);
        CHECK(reading.ok());
        REQUIRE(reading.warnings.size() == 1);
        CHECK_THAT(reading.warnings.front().to_string(),
                   Catch::Contains("server \"a\" of weight 9 has no room for a slow start"));
        document["services"]["http"]["servers"]["a"]["weight"] = 10;
        CHECK(read(document).warnings.empty());
    }
}

TEST_CASE("services that cannot be told apart or never be fit are refused") {
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"services": {"http": {"vip": "wev"}}})",
             {R"( /services/http/vip: found the unknown VIP "wev", expected "web" (did you mean it?) or another VIP)"}},
            {R"({"services": {"http": {"vip": "elsewhere"}}})",
             {R"( /services/http/vip: found the unknown VIP "elsewhere", expected one of "web")"}},
            {R"({"vips": {"web": {"announce": {"when": "any"}}}, "services": {"more": {"vip": "web", "port": 80,
                  "servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})",
             {R"( /services/more/port: found tcp port 80 of the VIP "web" a second time, expected each VIP, protocol and port once; the service "http" has it)"}},
            {R"({"vips": {"web": {"addresses": ["203.0.113.10", "2001:db8:f::10"]}}})",
             {R"( /services/http/servers: found no server with an ipv6 address, expected at least one, because the VIP "web" has the address 2001:db8:f::10)"}},
            {R"({"services": {"http": {"min_up": 2}}})",
             {" /services/http/min_up: found 2, expected at most 1, the number of servers with an "
              "ipv4 address"}},
            {R"({"services": {"http": {"servers": {"b": {"address": "10.0.0.1"}}}}})",
             {R"( /services/http/servers/b/address: found 10.0.0.1:80 a second time, expected each address and port once in a service; the server "a" has it)"}},
            {R"({"services": {"http": {"servers": {"b": {"address": "203.0.113.10"}}}}})",
             {R"( /services/http/servers/b/address: found 203.0.113.10, an address of the VIP "web", expected the server's own address: packets sent to the VIP would come back here)"}},
            {R"({"services": {"http": {"servers": {"b": {"address": "0.0.0.0"}}}}})",
             {" /services/http/servers/b/address: found 0.0.0.0, expected a unicast address"}},
            {R"({"services": {"http": {"servers": {"b": {"address": ["10.0.0.2", "10.0.0.3"]}}}}})",
             {" /services/http/servers/b/address: found a second ipv4 address, expected at most "
              "one address of each "
              "family"}},
            {R"({"services": {"http": {"servers": {"a": {"port": 8080}}}}})",
             {R"( /services/http/servers/a/port: found 8080, expected 80, the service's port: only forwarding "nat" can change it (a monitor may name a port of its own))"}},
            {R"({"services": {"http": {"monitors": [{"type": "tcp", "advisory": true}]}}})",
             {" /services/http/monitors: found only advisory monitors, expected at least one that "
              "counts, or [] to "
              "serve without looking at the servers"}},
            {R"({"services": {"http": {"monitors": null}}})",
             {" /services/http/monitors: found nothing, expected an array of monitors, or [] to "
              "serve without looking "
              "at the servers"}},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == lines);
    }
}

TEST_CASE("what the kernel would refuse, or take and not do as meant, is refused with the remedy") {
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"services": {"http": {"one_packet": true}}})",
             {" /services/http/one_packet: one-packet scheduling works for udp only, this is tcp: "
              "leave it out"}},
            {R"({"services": {"http": {"tunnel": {"type": "gue"}}}})",
             {" /services/http/tunnel/port: a gue tunnel needs the udp port that the server "
              "listens on: add it (often 6080)"}},
            {R"({"services": {"http": {"tunnel": {"port": 6080}}}})",
             {" /services/http/tunnel/port: only gue tunnels have a port: leave it out, or use "
              "gue"}},
            {R"({"services": {"http": {"forwarding": "dr", "tunnel": {"type": "gre"}}}})",
             {" /services/http/tunnel: tunnel options have no effect with forwarding dr: leave "
              "them out"}},
            {R"({"services": {"http": {"forwarding": "nat", "tunnel": {"outer_family": "ipv6"},
                  "servers": {"a": {"address": "2001:db8::1"}}}}})",
             {" /services/http/tunnel/outer_family: nat cannot cross address families: use "
              "forwarding tunnel, or a server address of the VIP's family"}},
            {R"({"services": {"http": {"servers": {"a": {"upper_threshold": 3, "lower_threshold": 4}}}}})",
             {" /services/http/servers/a/lower_threshold: the lower threshold 4 is above the upper "
              "one 3: make it at most that"}},
            {R"({"services": {"http": {"servers": {"a": {"address": "fe80::1"}}, "tunnel": {"outer_family": "ipv6"}}}})",
             {" /services/http/servers/a/address: found fe80::1, expected an address that is not "
              "link-local: the kernel refuses those"}},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == lines);
    }
}

TEST_CASE("what works until something happens is a warning with its place") {
    auto document = smallest();
    document["services"]["http"]["scheduler_flags"] = nlohmann::json::array();
    const auto reading = read(document);
    CHECK(reading.ok());
    REQUIRE(reading.warnings.size() == 1);
    CHECK(reading.warnings[0].pointer == "/services/http/scheduler_flags");
    CHECK(reading.warnings[0].line > 1);
    CHECK_THAT(reading.warnings[0].to_string(), Catch::EndsWith(": add mh-fallback"));
    CHECK(read(smallest()).warnings.empty());
}

TEST_CASE("a firewall mark is one service's, and its monitors know their port") {
    const std::string marked = R"("port": null, "firewall_mark": 7)";
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"services": {"http": {)" + marked + R"(}}})",
             {R"( /services/http/monitors/0: found no port, expected one, in "port" or in the url: the service is a firewall mark and has none)"}},
            {R"({"services": {"http": {)" + marked +
                 R"(, "monitors": [{"type": "icmp"}, {"type": "tcp", "port": 80}]}}})",
             {}},
            {R"({"services": {"http": {)" + marked +
                 R"(, "forwarding": "nat", "servers": {"a": {"port": 8080}}}}})",
             {}},
            {R"({"services": {"http": {)" + marked +
                 R"(, "monitors": [], "servers": {"a": {"port": 80}}}}})",
             {R"( /services/http/servers/a/port: found 80, expected no port: behind a firewall mark packets keep theirs, and only forwarding "nat" can change it (a monitor may name a port of its own))"}},
            {R"({"services": {"http": {"firewall_mark": 7}}})",
             {R"( /services/http/firewall_mark: found 7, expected it without a "port": the packet filter chooses by port)"}},
            {R"({"services": {"http": {"port": null}}})",
             {R"( /services/http/port: found nothing, expected a port from 1 to 65535, or a "firewall_mark")"}},
            {R"({"vips": {"web": {"announce": {"when": "all"}}}, "services": {"http": {)" + marked +
                 R"(, "monitors": []},
                  "more": {"vip": "web", "firewall_mark": 7, "servers": {"b": {"address": "10.0.0.2"}}, "monitors": []}}})",
             {R"( /services/more/firewall_mark: found firewall mark 7 a second time, expected each mark once; the service "http" has it)"}},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == lines);
    }
}

TEST_CASE("what looks alike but is not the same is accepted") {
    for (
        const auto* patch : {
            R"({"services": {"http": {"monitors": []}}})",
            R"({"vips": {"web": {"announce": {"when": "any"}}}, "services": {"udp": {"vip": "web", "port": 80,
                 "protocol": "udp", "servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})",
            R"({"services": {"http": {"servers": {"b": {"address": ["10.0.0.2", "2001:db8::2"]}}}}})",
            R"({"services": {"http": {"forwarding": "nat", "servers": {"b": {"address": "10.0.0.1", "port": 81}}}}})",
            R"({"services": {"http": {"servers": {"a": {"port": 80}}}}})",
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == Lines{});
    }
}

TEST_CASE("peers that could not work are refused") {
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"bgp": {"peers": {"cr2": {"address": "192.0.2.1", "remote_as": 64600}}}})",
             {R"( /bgp/peers/cr2/address: found 192.0.2.1:179 a second time, expected each peer once; the peer "cr1" has this address and port)"}},
            {R"({"bgp": {"peers": {"cr1": {"remote_as": null}}}})",
             {" /bgp/peers/cr1/remote_as: found nothing, expected the router's AS number, here or "
              "in /defaults/peer"}},
            {R"({"bgp": {"peers": {"cr1": {"address": "::"}}, "next_hop": {"ipv4": "192.0.2.1"}}})",
             {" /bgp/peers/cr1/address: found ::, expected the router's unicast address"}},
            {R"({"bgp": {"peers": {"cr1": {"local_address": "2001:db8::1"}}}})",
             {" /bgp/peers/cr1/local_address: found 2001:db8::1, expected an ipv4 address, as the "
              "peer's address is "
              "one"}},
            {R"({"bgp": {"peers": {"cr1": {"multihop": 2, "ttl_security_hops": 1}}}})",
             {" /bgp/peers/cr1/multihop: found both ttl_security_hops and multihop, expected one "
              "of them"}},
            {R"({"bgp": {"next_hop": null}})",
             {" /bgp/peers/cr1/next_hop/ipv6: found nothing, expected an ipv6 address here or in "
              "/bgp/next_hop: the "
              "session runs over ipv4 and there are ipv6 VIPs"}},
            {R"({"bgp": {"peers": {"cr1": {"vips": ["wob"]}}}})",
             {R"( /bgp/peers/cr1/vips: found the unknown VIP "wob", expected "web" (did you mean it?) or another VIP)"}},
            {R"({"bgp": {"peers": {"cr1": {"passive": true}}}})",
             {" /bgp/peers/cr1/passive: found true, expected false, or an address in /bgp/listen: "
              "without one nobody "
              "would open this session"}},
            {R"({"ipvs": {"backend": "memory"}})",
             {R"( /bgp/peers/cr1/address: found 192.0.2.1 with the memory backend, expected a loopback address: the memory backend forwards no packet, so it announces to other hosts only with "ipvs": {"allow_announce": true})"}},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(dual_stack(), patch) == lines);
    }
}

TEST_CASE("probes through the VIP are refused where they cannot work") {
    const std::string via = R"("monitors": [{"type": "tcp", "via": "vip")";
    const auto monitors = [&via](const std::string& more) {
        return R"({"services": {"http": {)" + via + more + "}]}}}";
    };
    CHECK(problems_with(dual_stack(), monitors("")).empty());
    CHECK(problems_with(dual_stack(), monitors(R"(, "port": 81)")).empty());
    for (
        const auto& [patch, line] : std::vector<std::pair<std::string, std::string>>{
            {R"({"services": {"http": {"monitors": [{"type": "icmp", "via": "vip"}]}}})",
             "/services/http/monitors/0/via"},
            {R"({"bgp": null, "ipvs": {"backend": "memory"}, "services": {"http": {)" + via +
                 "}]}}}",
             R"(/services/http/monitors/0/via: found "vip" with the memory backend)"},
            {R"({"services": {"http": {"forwarding": "nat", )" + via + R"(, "port": 81}]}}})",
             "no port, or the service's: nat sends every port to the server's own"},
            {R"({"services": {"http": {"tunnel": {"outer_family": "ipv4"}, )" + via + "}]}}}",
             "/services/http/monitors/0/source: found no ipv6 address"},
            {R"({"monitors": {"vip_paths": {"first_port": 60000}}})",
             "/monitors/vip_paths/count: found 10000, expected at most 5536"},
            {R"({"monitors": {"vip_paths": {"count": 1}}, "services": {"http": {"servers": )"
             R"({"b": {"address": ["10.0.0.2", "2001:db8::2"]}}, )" +
                 via + "}]}}}",
             "/monitors/vip_paths/count: found 1, expected at least 2"},
            {R"({"services": {"marked": {"vip": "web", "firewall_mark": 268435460, "monitors": [],)"
             R"("servers": {"a": {"address": ["10.0.0.1", "2001:db8::1"]}}}, "http": {)" +
                 via + R"(}]}}, "vips": {"web": {"announce": {"when": "all"}}}})",
             "/services/marked/firewall_mark: found 268435460, expected a mark outside of "
             "268435456 to 268445455"}}) {
        CAPTURE(patch);
        const auto problems = problems_with(dual_stack(), patch);
        REQUIRE_FALSE(problems.empty());
        CHECK_THAT(problems.front(), Catch::Contains(line));
        CHECK(std::ranges::count(problems, problems.front()) == 1);
    }
}

TEST_CASE("peers that work are accepted") {
    for (
        const auto* patch : {
            R"({"ipvs": {"backend": "memory", "allow_announce": true}})",
            R"({"ipvs": {"backend": "memory"}, "bgp": {"peers": {"cr1": {"address": "127.0.0.1"}}}})",
            R"({"bgp": {"next_hop": null, "peers": {"cr1": {"families": ["ipv4"]}}}})",
            R"({"bgp": {"next_hop": null, "peers": {"cr1": {"next_hop": {"ipv6": "2001:db8::10"}}}}})",
            R"({"bgp": {"peers": {"cr2": {"address": "192.0.2.1", "port": 1179, "remote_as": 64600}}}})",
        }) {
        CAPTURE(patch);
        CHECK(problems_with(dual_stack(), patch) == Lines{});
    }
}

TEST_CASE("a socket path that no socket could have is refused") {
    auto document = smallest();
    document["status"]["socket"] = "/" + std::string(107, 'a');
    CHECK(
        problems_of(document) ==
        Lines{" /status/socket: found a path of 108 bytes, expected a path of at most 107 bytes"});
}

TEST_CASE("what follows from another problem is not reported") {
    CHECK(problems_with(smallest(),
                        R"({"services": {"http": {"servers": {"a": {"address": "x y"}}}}})")
              .size() == 1);
    CHECK(problems_with(smallest(), R"({"services": {"http": {"servers": null}}})").size() == 1);
    CHECK(problems_with(dual_stack(), R"({"bgp": {"peers": {"cr1": {"address": null}}}})").size() ==
          1);
    CHECK(problems_with(smallest(),
                        R"({"vips": {"web": null, "wab": {"addresses": ["203.0.113.10"]}}})")
              .size() == 1);
}
