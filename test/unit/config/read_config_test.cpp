#include "src/config/read_config.hpp"

#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::test;
using Lines = std::vector<std::string>;

namespace {

Lines lines_of(const ConfigReading& reading) {
    Lines lines;
    for (const auto& problem : reading.problems)
        lines.push_back(problem.to_string());
    return lines;
}

const std::string smallest_text = smallest().dump();

}  // namespace

TEST_CASE("the smallest configuration has the built-in defaults") {
    const auto reading = read(smallest());
    REQUIRE(lines_of(reading) == Lines{});
    const auto& config = reading.config;
    CHECK(config.node == "lb1");
    CHECK_FALSE(config.bgp);
    CHECK(config.stop == StopConfig{});
    CHECK(config.status == StatusConfig{});
    CHECK(config.ipvs == IpvsConfig{});
    CHECK(config.vips.at("web").interface == "lo");

    const auto& service = config.services.at("http");
    CHECK(service.options == ServiceConfig{}.options);
    CHECK(service.depool_threshold.to_string() == "0.5");
    CHECK(service.servers.at("a").weight == 1);
    REQUIRE(service.monitors.size() == 1);
    CHECK(service.monitors[0].interval == 5s);
    CHECK(service.monitors[0].timeout == 2s);
}

TEST_CASE("what is written is read") {
    auto document = dual_stack();
    document.merge_patch(nlohmann::json::parse(R"({
        "node": "lb1001", "state_dir": "state", "start_deadline": "20s", "suspect_max": "5s",
        "bgp": {"listen": ["[::]:179"], "next_hop": {"ipv4": "192.0.2.10"},
                "peers": {"cr1": {"port": 1790, "local_address": "192.0.2.10", "passive": true, "hold_time": "30s",
                                  "families": ["ipv6"], "next_hop": {"ipv6": "2001:db8::11"},
                                  "password_file": "keys/cr1", "ttl_security_hops": 2}}},
        "vips": {"web": {"interface": "vips", "announce": {"when": {"at_least": 1}, "families": "together",
                 "hold_down": "1m", "med": 7, "local_pref": 200, "prepend": 3, "communities": ["64600:2", "64600:1"],
                 "large_communities": ["1:2:3"], "min_interval": "30s",
                 "degraded": {"below": 0.8, "steps": 4, "med": 10, "local_pref": 20, "prepend": 2, "communities": ["64600:9"]}}}},
        "services": {"http": {"protocol": "udp", "max_leaving": {"count": 2, "share": 0.2, "window": "1m"}, "scheduler": "sh", "scheduler_flags": ["sh-port"], "forwarding": "nat",
                     "depool_threshold": 0.55, "min_up_share": 0.25,
                     "servers": {"a": {"port": 8080, "weight": 0, "state": "draining"}}, "monitors": [
            {"type": "http", "url": "http://h:81/x?y", "method": "HEAD", "status": [204, "300-399"], "advisory": true},
            {"type": "tcp", "port": 22, "interval": "1s", "timeout": "1s", "rise": 1, "fall": 5}]}},
        "stop": {"gshut_wait": "0s", "withdraw_wait": "3s"},
        "brake": {"action": "announce", "min_vips": 4, "share": 0.8, "window": "30s"},
        "status": {"listen": [], "socket": "/tmp/s"},
        "monitors": {"control": {"loopback": false, "addresses": ["192.0.2.1", "[2001:db8::1]:179"], "interval": "1s"}},
        "ipvs": {"backend": "memory", "resync_interval": "1s", "on_drift": "report", "on_down": "quiesce",
                 "on_stop": "flush", "allow_announce": true}
    })"));
    const auto reading = read(document);
    REQUIRE(lines_of(reading) == Lines{});
    const auto& config = reading.config;
    CHECK(config.node == "lb1001");
    CHECK(config.state_dir == "/etc/vipd/state");
    CHECK(config.start_deadline == 20s);
    CHECK(config.suspect_max == 5s);
    CHECK(config.monitors.control ==
          ControlConfig{.loopback = false,
                        .addresses = {{*Address::parse("192.0.2.1"), 0},
                                      *Endpoint::parse("[2001:db8::1]:179")},
                        .interval = 1s});
    CHECK(config.brake == BrakeConfig{.action = BrakeConfig::Action::announce,
                                      .min_vips = 4,
                                      .share = *Fraction::parse("0.8"),
                                      .window = 30s});

    CHECK(config.bgp->local_as == 64601);
    CHECK(config.bgp->router_id == 0xc000020a);
    CHECK(config.bgp->listen == std::vector{*Endpoint::parse("[::]:179")});
    CHECK(config.bgp->next_hop.at(Family::ipv4) == *Address::parse("192.0.2.10"));
    const auto& peer = config.bgp->peers.at("cr1");
    CHECK(peer.remote_as == 64600);
    CHECK(peer.port == 1790);
    CHECK(peer.local_address == Address::parse("192.0.2.10"));
    CHECK(peer.passive);
    CHECK(peer.hold_time == 30s);
    CHECK(peer.families == std::set{Family::ipv6});
    CHECK(peer.next_hop.at(Family::ipv6) == *Address::parse("2001:db8::11"));
    CHECK(peer.password_file == "/etc/vipd/keys/cr1");
    CHECK(peer.ttl_security_hops == 2);

    const auto& vip = config.vips.at("web");
    CHECK(vip.interface == "vips");
    CHECK(vip.when == AnnounceWhen{.rule = AnnounceWhen::Rule::at_least, .at_least = 1});
    CHECK(vip.families_together);
    CHECK(vip.hold_down == 1min);
    CHECK(vip.min_interval == 30s);
    CHECK(vip.degraded == DegradedConfig{.below = Fraction::parse("0.8"),
                                         .steps = 4,
                                         .worse = {.med = 10, .local_pref = 20, .prepend = 2},
                                         .communities = {(64600U << 16U) + 9},
                                         .large_communities = {}});
    CHECK(vip.attributes.med == 7);
    CHECK(vip.attributes.local_pref == 200);
    CHECK(vip.attributes.prepend == 3);
    CHECK(vip.attributes.communities ==
          std::vector<bgp::Community>{(64600U << 16U) + 1, (64600U << 16U) + 2});
    CHECK(vip.attributes.large_communities == std::vector<bgp::LargeCommunity>{{1, 2, 3}});

    const auto& service = config.services.at("http");
    CHECK(service.protocol == ipvs::Protocol::udp);
    CHECK(service.options.scheduler == "sh");
    CHECK(service.options.scheduler_flags == 0x10);
    CHECK(service.forwarding == ipvs::Forwarding::nat);
    CHECK(service.depool_threshold == *Fraction::parse("0.55"));
    CHECK(service.min_up_share == *Fraction::parse("0.25"));
    CHECK(service.max_leaving ==
          MaxLeavingConfig{.count = 2, .share = *Fraction::parse("0.2"), .window = 1min});
    CHECK_FALSE(service.slow_start);
    const auto& server = service.servers.at("a");
    CHECK(server.addresses ==
          std::vector{*Address::parse("10.0.0.1"), *Address::parse("2001:db8::1")});
    CHECK(server.port == 8080);
    CHECK(server.weight == 0);
    CHECK(server.state == Admin::draining);

    REQUIRE(service.monitors.size() == 2);
    const auto& http = std::get<monitors::HttpCheck>(service.monitors[0].check);
    CHECK(http.method == "HEAD");
    CHECK(http.host == "h:81");
    CHECK(http.target == "/x?y");
    CHECK(http.status == std::vector<monitors::StatusRange>{{204, 204}, {300, 399}});
    CHECK(service.monitors[0].port == 81);
    CHECK(service.monitors[0].advisory);
    CHECK(std::holds_alternative<monitors::TcpCheck>(service.monitors[1].check));
    CHECK(service.monitors[1].port == 22);
    CHECK(service.monitors[1].thresholds == monitors::Thresholds{.rise = 1, .fall = 5});

    CHECK(config.stop == StopConfig{.gshut_wait = 0s, .withdraw_wait = 3s});
    CHECK(config.status == StatusConfig{.listen = {}, .socket = "/tmp/s"});
    CHECK(config.ipvs == IpvsConfig{.backend = IpvsConfig::BackendKind::memory,
                                    .on_down = IpvsConfig::OnDown::quiesce,
                                    .on_stop = IpvsConfig::OnStop::flush,
                                    .resync_interval = 1s,
                                    .on_drift = ipvs::OnDrift::report,
                                    .timeouts = {},
                                    .allow_announce = true});
}

TEST_CASE("defaults are inherited key by key and give way to what is written") {
    auto document = dual_stack();
    document.merge_patch(nlohmann::json::parse(R"({
        "defaults": {"peer": {"remote_as": 64999, "hold_time": "90s", "next_hop": {"ipv4": "192.0.2.9"}, "multihop": 3},
                     "vip": {"interface": "eth0", "announce": {"hold_down": "20s", "med": 5}},
                     "service": {"scheduler": "wrr", "min_up": 1, "depool_threshold": 0.25},
                     "monitor": {"interval": "30s", "timeout": "10s", "fall": 4}},
        "bgp": {"peers": {"cr1": {"hold_time": "9s", "ttl_security_hops": 1},
                          "cr2": {"address": "192.0.2.2", "next_hop": {"ipv6": "2001:db8::9"}}}},
        "vips": {"web": {"announce": {"med": 6}}},
        "services": {"http": {"depool_threshold": 0.75, "monitors": [{"type": "tcp", "interval": "15s"}]}}
    })"));
    const auto reading = read(document);
    REQUIRE(lines_of(reading) == Lines{});
    const auto& peers = reading.config.bgp->peers;
    CHECK(peers.at("cr1").remote_as == 64600);
    CHECK(peers.at("cr1").hold_time == 9s);
    CHECK(peers.at("cr1").ttl_security_hops == 1);
    CHECK_FALSE(peers.at("cr1").multihop);
    CHECK(peers.at("cr2").remote_as == 64999);
    CHECK(peers.at("cr2").hold_time == 90s);
    CHECK(peers.at("cr2").multihop == 3);
    CHECK(peers.at("cr2").next_hop.size() == 2);

    const auto& vip = reading.config.vips.at("web");
    CHECK(vip.interface == "eth0");
    CHECK(vip.hold_down == 20s);
    CHECK(vip.attributes.med == 6);

    const auto& service = reading.config.services.at("http");
    CHECK(service.options.scheduler == "wrr");
    CHECK(service.options.scheduler_flags == 0);
    CHECK(service.depool_threshold == *Fraction::parse("0.75"));
    CHECK(service.monitors[0].interval == 15s);
    CHECK(service.monitors[0].timeout == 10s);
    CHECK(service.monitors[0].thresholds == monitors::Thresholds{.rise = 2, .fall = 4});
}

TEST_CASE("scheduler flags stay with the scheduler they were written for") {
    const auto flags = [](const std::string& patch) {
        auto document = smallest();
        document.merge_patch(nlohmann::json::parse(patch));
        const auto reading = read(document);
        REQUIRE(lines_of(reading) == Lines{});
        return reading.config.services.at("http").options.scheduler_flags;
    };
    CHECK(flags(R"({"services": {"http": {"scheduler": "sh"}}})") == 0);
    CHECK(flags(R"({"services": {"http": {"scheduler": "mh"}}})") == 0x18);
    CHECK(flags(R"({"services": {"http": {"scheduler_flags": []}}})") == 0);
    CHECK(
        flags(
            R"({"defaults": {"service": {"scheduler": "sh", "scheduler_flags": ["sh-fallback"]}}})") ==
        0x08);
    CHECK(
        flags(R"({"defaults": {"service": {"scheduler": "sh", "scheduler_flags": ["sh-fallback"]}},
                    "services": {"http": {"scheduler": "mh"}}})") == 0x18);
    CHECK(flags(R"({"defaults": {"service": {"scheduler_flags": ["mh-port"]}},
                    "services": {"http": {"scheduler": "mh"}}})") == 0x10);
}

TEST_CASE("every problem is shown at once, in the order of the file, with its place") {
    const auto* text = R"({
  "version": 2, // of the future
  "bgp": {
    "local_as": 0,
    "router_id": "192.0.2.10",
    "peers": { "cr1": { "adress": "192.0.2.1", "remote_as": 64600, "hold_time": "9" } }
  },
  "vips": { "web": { "addresses": ["203.0.113.10"], "addresses": ["203.0.113.11"] } },
  "services": {
    "http": {
      "vip": "wbe", "port": "80",
      "servers": { "a": { "address": "10.0.0.256" } },
      "monitors": [ { "type": "htpp" } ]
    }
  }
}
)";
    CHECK(
        lines_of(read_config(text, "vipd.json", "lb1")) ==
        Lines{
            R"(vipd.json:2:14 /version: found 2, expected 1, the version of this format)",
            R"(vipd.json:4:17 /bgp/local_as: found 0, expected an AS number from 1 to 4294967294, not 23456 or 65535)",
            R"(vipd.json:6:23 /bgp/peers/cr1/address: found nothing, expected the router's IP address)",
            R"(vipd.json:6:25 /bgp/peers/cr1/adress: found the unknown key "adress", expected "address" (did you mean it?) or another one of address, remote_as, port, local_address, passive, hold_time, families, next_hop, ttl_security_hops, multihop, graceful_restart, med, local_pref, prepend, communities, large_communities, vips, max_prefixes, password_file)",
            R"(vipd.json:6:81 /bgp/peers/cr1/hold_time: found "9", expected "0s" (never) or whole seconds from "3s" to "65535s")",
            R"(vipd.json:8:53 /vips/web/addresses: found the key "addresses" a second time, expected each key once (first at 8:22))",
            R"(vipd.json:11:14 /services/http/vip: found the unknown VIP "wbe", expected "web" (did you mean it?) or another VIP)",
            R"(vipd.json:11:29 /services/http/port: found "80", expected a port from 1 to 65535)",
            R"(vipd.json:12:38 /services/http/servers/a/address: found "10.0.0.256", expected an IP address, an array of one of each family, or a host name)",
            R"(vipd.json:13:31 /services/http/monitors/0/type: found "htpp", expected "http", "tcp", "tls", "idle-tcp", "udp", "dns", "icmp", "script" or "file")",
        });
}

TEST_CASE("a missing key is reported at the object that lacks it") {
    CHECK(lines_of(read_config("\n{}", "f", "lb1")) ==
          Lines{"f:2:1 /services: found nothing, expected an object of at least one service",
                "f:2:1 /version: found nothing, expected 1",
                "f:2:1 /vips: found nothing, expected an object of at least one VIP"});
}

TEST_CASE("text that is no JSON is the only problem") {
    CHECK(lines_of(read_config("{\n\"version\" 1}", "f", "lb1")) ==
          Lines{"f:2:12 /version: found in object separator - unexpected number literal, expected "
                "':'"});
}

TEST_CASE("a value of the wrong kind is named with what would do") {
    using Case = std::pair<std::string, std::string>;
    for (
        const auto& [patch, line] : std::vector<Case>{
            {R"({"node": "a b"})",
             R"( /node: found "a b", expected a name of 1 to 253 letters, digits, '.', '_', '-' or ':', starting with a letter or digit)"},
            {R"({"state_dir": ""})", R"( /state_dir: found "", expected a path)"},
            {R"({"state_dir": "a\u0000b"})", R"( /state_dir: found "a\u0000b", expected a path)"},
            {R"({"vips": {"web": {"addresses": ["x.example"]}}})",
             R"( /vips/web/addresses/0: found "x.example", expected an IP address (host names are not accepted))"},
            {R"({"vips": {"web": {"addresses": []}}})",
             R"( /vips/web/addresses: found an empty array, expected an array of 1 to 2 values, each an IP address (host names are not accepted))"},
            {R"({"vips": {"web": {"addresses": ["203.0.113.1", "203.0.113.1"]}}})",
             R"( /vips/web/addresses/1: found "203.0.113.1" a second time, expected each value once)"},
            {R"({"vips": {"web": {"interface": "a/b"}}})",
             R"( /vips/web/interface: found "a/b", expected the name of a network interface (at most 15 bytes))"},
            {R"({"vips": {"web": {"announce": {"when": "some"}}}})",
             R"( /vips/web/announce/when: found "some", expected "all", "any" or {"at_least": n})"},
            {R"({"vips": {"web": {"announce": {"when": {"at_least": 0}}}}})",
             R"( /vips/web/announce/when/at_least: found 0, expected a whole number from 1 to 65535)"},
            {R"({"vips": {"web": {"announce": {"hold_down": "25h"}}}})",
             R"( /vips/web/announce/hold_down: found "25h", expected a duration like "300ms", "9s" or "5m", from 0s to 24h)"},
            {R"({"vips": {"web": {"announce": {"communities": ["64600"]}}}})",
             R"( /vips/web/announce/communities/0: found "64600", expected a community such as "64600:100" or "no-export")"},
            {R"({"vips": {"web": {"announce": {"large_communities": ["1:2"]}}}})",
             R"( /vips/web/announce/large_communities/0: found "1:2", expected a large community such as "64600:1:2")"},
            {R"({"vips": {"web": {"announce": {"med": 4294967296}}}})",
             R"( /vips/web/announce/med: found 4294967296, expected a whole number from 0 to 4294967295)"},
            {R"({"services": {"http": {"port": 0}}})",
             R"( /services/http/port: found 0, expected a port from 1 to 65535)"},
            {R"({"services": {"http": {"port": 80.0}}})",
             R"( /services/http/port: found 80.0, expected a port from 1 to 65535)"},
            {R"({"services": {"http": {"protocol": "sctp"}}})",
             R"( /services/http/protocol: found "sctp", expected "tcp" or "udp")"},
            {R"({"services": {"http": {"scheduler": "maglev"}}})",
             R"( /services/http/scheduler: found "maglev", expected "rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq" or "twos")"},
            {R"({"services": {"http": {"scheduler": "wrr", "scheduler_flags": ["mh-port"]}}})",
             R"( /services/http/scheduler_flags/0: found "mh-port", expected no flag, as "wrr" has none)"},
            {R"({"services": {"http": {"scheduler_flags": ["sh-port"]}}})",
             R"( /services/http/scheduler_flags/0: found "sh-port", expected "mh-fallback" or "mh-port", as the scheduler is "mh")"},
            {R"({"services": {"http": {"forwarding": "tun"}}})",
             R"( /services/http/forwarding: found "tun", expected "tunnel", "dr" or "nat")"},
            {R"({"services": {"http": {"depool_threshold": 1.5}}})",
             R"( /services/http/depool_threshold: found 1.5, expected a number from 0 to 1 with at most nine decimals)"},
            {R"({"services": {"http": {"servers": 7}}})",
             R"( /services/http/servers: found 7, expected the name of a group or an object of at least one server)"},
            {R"({"services": {"http": {"servers": {"a/b": {"address": "10.0.0.9"}}}}})",
             R"( /services/http/servers/a~1b: found the name "a/b", expected a name of 1 to 253 letters, digits, '.', '_', '-' or ':', starting with a letter or digit)"},
            {R"({"services": {"http": {"servers": {"a": {"weight": -1}}}}})",
             R"( /services/http/servers/a/weight: found -1, expected a weight from 0 to 65535)"},
            {R"({"services": {"http": {"servers": {"a": {"state": "down"}}}}})",
             R"( /services/http/servers/a/state: found "down", expected "enabled", "draining" or "disabled")"},
            {R"({"services": {"http": {"servers": {"a": 7}}}})",
             R"( /services/http/servers/a: found 7, expected an object)"},
            {R"({"services": {"http": {"monitors": {}}}})",
             R"( /services/http/monitors: found an empty object, expected an array of monitors, or [] to serve without looking at the servers)"},
            {R"({"services": {"http": {"monitors": [{}]}}})",
             R"( /services/http/monitors/0/type: found nothing, expected the type of the monitor)"},
            {R"({"services": {"http": {"monitors": [{"type": "http"}]}}})",
             R"( /services/http/monitors/0/url: found nothing, expected a URL such as "http://en.example.org/healthz")"},
            {R"({"services": {"http": {"monitors": [{"type": "http", "url": "ftp://a/"}]}}})",
             R"( /services/http/monitors/0/url: found "ftp://a/", expected a URL such as "http://en.example.org/healthz" (scheme http or https))"},
            {R"({"services": {"http": {"monitors": [{"type": "http", "url": "http://a/", "status": ["300-299"]}]}}})",
             R"( /services/http/monitors/0/status/0: found "300-299", expected a status code from 100 to 599 or a range such as "200-299")"},
            {R"({"services": {"http": {"monitors": [{"type": "tcp", "timeout": "6s"}]}}})",
             R"( /services/http/monitors/0/timeout: found "6s", expected a timeout that is not longer than the interval (6s > 5s))"},
            {R"({"services": {"http": {"monitors": [{"type": "tcp", "interval": "1s"}]}}})",
             R"( /services/http/monitors/0/interval: found "1s", expected a timeout that is not longer than the interval (2s > 1s))"},
            {R"({"defaults": {"monitor": {"timeout": "6s"}}})",
             R"( /defaults/monitor/timeout: found "6s", expected a timeout that is not longer than the interval (6s > 5s))"},
            {R"({"services": {"http": {"monitors": [{"type": "tcp", "rise": 0}]}}})",
             R"( /services/http/monitors/0/rise: found 0, expected a whole number from 1 to 1000)"},
            {R"({"stop": {"gshut_wait": 5}})",
             R"( /stop/gshut_wait: found 5, expected a duration like "300ms", "9s" or "5m", from 0s to 10m)"},
            {R"({"status": {"listen": ["127.0.0.1"]}})",
             R"( /status/listen/0: found "127.0.0.1", expected an address and port such as "127.0.0.1:9180" or "[::]:179")"},
            {R"({"monitors": {"control": {"addresses": ["gateway"]}}})",
             R"( /monitors/control/addresses/0: found "gateway", expected an address such as "192.0.2.1", or with a port "192.0.2.1:179")"},
            {R"({"ipvs": {"backend": "ebpf"}})",
             R"( /ipvs/backend: found "ebpf", expected "kernel" or "memory")"},
            {R"({"ipvs": {"allow_announce": "yes"}})",
             R"( /ipvs/allow_announce: found "yes", expected true or false)"},
            {R"({"defaults": []})", R"( /defaults: found an empty array, expected an object)"},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(smallest(), patch) == Lines{line});
    }
}

TEST_CASE("a value of the wrong kind in the BGP section is named with what would do") {
    using Case = std::pair<std::string, std::string>;
    for (
        const auto& [patch, line] : std::vector<Case>{
            {R"({"bgp": {"local_as": 23456}})",
             R"( /bgp/local_as: found 23456, expected an AS number from 1 to 4294967294, not 23456 or 65535)"},
            {R"({"bgp": {"router_id": "0.0.0.0"}})",
             R"( /bgp/router_id: found "0.0.0.0", expected a BGP identifier written like an IPv4 address, not 0.0.0.0)"},
            {R"({"bgp": {"listen": ["[::]:0"]}})",
             R"( /bgp/listen/0: found "[::]:0", expected an address and port such as "127.0.0.1:9180" or "[::]:179")"},
            {R"({"bgp": {"next_hop": {"ipv6": "192.0.2.1"}}})",
             R"( /bgp/next_hop/ipv6: found "192.0.2.1", expected an ipv6 address)"},
            {R"({"bgp": {"peers": {"cr1": {"hold_time": "2s"}}}})",
             R"( /bgp/peers/cr1/hold_time: found "2s", expected "0s" (never) or whole seconds from "3s" to "65535s")"},
            {R"({"bgp": {"peers": {"cr1": {"hold_time": "3500ms"}}}})",
             R"( /bgp/peers/cr1/hold_time: found "3500ms", expected "0s" (never) or whole seconds from "3s" to "65535s")"},
            {R"({"bgp": {"peers": {"cr1": {"families": []}}}})",
             R"( /bgp/peers/cr1/families: found an empty array, expected an array of 1 to 2 values, each "ipv4" or "ipv6")"},
            {R"({"bgp": {"peers": {"cr1": {"families": ["ipv5"]}}}})",
             R"( /bgp/peers/cr1/families/0: found "ipv5", expected "ipv4" or "ipv6")"},
            {R"({"bgp": {"peers": {"cr1": {"ttl_security_hops": 255}}}})",
             R"( /bgp/peers/cr1/ttl_security_hops: found 255, expected a whole number from 1 to 254)"},
            {R"({"bgp": {"peers": {"cr1": null}}})",
             R"( /bgp/peers: found an empty object, expected an object of at least one peer)"},
        }) {
        CAPTURE(patch);
        CHECK(problems_with(dual_stack(), patch) == Lines{line});
    }
}

TEST_CASE("an empty object of servers is refused") {
    auto document = smallest();
    document["services"]["http"]["servers"] = nlohmann::json::object();
    CHECK(problems_of(document) ==
          Lines{" /services/http/servers: found an empty object, expected the name of "
                "a group or an object of at least one server"});
}

TEST_CASE("a file that cannot be read is a problem like any other") {
    CHECK(
        lines_of(read_config_file("/nonexistent/vipd.json")) ==
        Lines{"/nonexistent/vipd.json: found No such file or directory, expected a readable file"});
    CHECK(lines_of(read_config_file("/")) == Lines{"/: found a folder, expected a readable file"});
}

TEST_CASE("the committed examples are accepted") {
    for (const auto* name : {"vipd.json", "minimal.json"}) {
        const auto reading = read_config_file(std::string(VIPD_SOURCE_DIR "/etc/") + name);
        CHECK(lines_of(reading) == Lines{});
    }
}

TEST_CASE("a configuration cut at any byte is refused") {
    for (std::size_t length = 0; length < smallest_text.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(read_config(smallest_text.substr(0, length), "f", "lb1").ok());
    }
}

TEST_CASE("damaged text never throws and is reported with printable messages") {
    std::mt19937 random(4711);
    for (int round = 0; round < 3000; ++round) {
        auto text = smallest_text;
        for (int i = 0; i < 3; ++i)
            text[random() % text.size()] = static_cast<char>(random() & 0xffU);
        for (const auto& line : lines_of(read_config(text, "f", "lb1"))) {
            CAPTURE(text);
            CHECK(nlohmann::json(line).dump().size() >
                  line.size());  // dump throws on invalid UTF-8
            CHECK(line.find('\n') == std::string::npos);
        }
    }
}

TEST_CASE("hostile documents are answered in bounded space") {
    const std::string many = [] {
        std::string text = "{";
        for (int i = 0; i < 5000; ++i)
            text += fmt::format("\"k{}\":{},", i, i);
        return text + "\"version\":1}";
    }();
    const auto reading = read_config(many, "f", "lb1");
    CHECK(reading.problems.size() == 1001);
    CHECK_THAT(reading.problems.back().to_string(), Catch::Contains("found 4002 more problems"));
}

TEST_CASE("a huge number is only a number that does not fit") {
    const auto huge = std::string(100'000, '9');
    auto text = smallest_text;
    text.replace(text.find("80"), 2, huge);
    const auto lines = lines_of(read_config(text, "f", "lb1"));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].size() < 300);
}
