#include "src/config/difference.hpp"

#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace vipd;
using namespace vipd::test;
using Lines = std::vector<std::string>;

namespace {

Config config_of(const nlohmann::json& document) {
    const auto reading = read(document);
    for (const auto& problem : reading.problems)
        FAIL(problem.to_string());
    return reading.config;
}

// Two of everything that can be added or removed.
nlohmann::json before() {
    auto document = dual_stack();
    document.merge_patch(nlohmann::json::parse(R"({
        "bgp": {"listen": ["[::]:179"], "peers": {"cr2": {"address": "192.0.2.2", "remote_as": 64600}}},
        "vips": {"web": {"announce": {"when": "all"}}},
        "services": {"http": {"servers": {"b": {"address": ["10.0.0.2", "2001:db8::2"]}}},
                     "tls": {"vip": "web", "port": 443, "servers": {"a": {"address": ["10.0.0.1", "2001:db8::1"]}},
                             "monitors": []}}
    })"));
    return document;
}

Lines lines_after(const std::string& patch) {
    auto document = before();
    document.merge_patch(nlohmann::json::parse(patch));
    Lines lines;
    for (const auto& difference : differences(config_of(before()), config_of(document))) {
        lines.push_back(difference.to_string());
    }
    return lines;
}

}  // namespace

TEST_CASE("the same configuration differs in nothing") {
    CHECK(lines_after("{}").empty());
}

TEST_CASE("what only looks different differs in nothing") {
    CHECK(lines_after(
              R"({"defaults": {"vip": {"interface": "lo"}}, "services": {"tls": {"min_up": 1}}})")
              .empty());
    CHECK(
        lines_after(
            R"({"services": {"http": {"servers": {"b": {"address": ["10.0.0.2", "2001:DB8:0::2"]}}}}})")
            .empty());
}

TEST_CASE("every difference has its line and its class") {
    using Case = std::pair<std::string, Lines>;
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"node": "lb2"})", {"needs-restart: node: name lb1 -> lb2"}},
            {R"({"state_dir": "/s"})", {"needs-restart: state_dir: path /var/lib/vipd -> /s"}},
            {R"({"status": {"listen": []}})",
             {"needs-restart: status: listen 127.0.0.1:9180 -> none"}},
            {R"({"status": {"socket": "/s"}})",
             {"needs-restart: status: socket /run/vipd/vipd.sock -> /s"}},
            {R"({"ipvs": {"backend": "memory", "allow_announce": true}})",
             {"needs-restart: ipvs: backend kernel -> memory",
              "policy: ipvs: allow_announce false -> true"}},
            {R"({"ipvs": {"resync_interval": "1s", "on_drift": "report", "on_down": "quiesce", "on_stop": "flush"}})",
             {"policy: ipvs: resync_interval 5s -> 1s", "policy: ipvs: on_drift repair -> report",
              "kernel-writes: ipvs: on_down remove -> quiesce",
              "policy: ipvs: on_stop keep -> flush"}},
            {R"({"stop": {"gshut_wait": "1s", "withdraw_wait": "2s"}, "start_deadline": "1m",
                "suspect_max": "10s"})",
             {"policy: stop: gshut_wait 5s -> 1s", "policy: stop: withdraw_wait 1s -> 2s",
              "policy: start_deadline: time none -> 1m", "policy: suspect_max: time 30s -> 10s"}},
            {R"({"brake": {"action": "announce", "min_vips": 5, "share": 0.75, "window": "1m"}})",
             {"policy: brake: action off -> announce", "policy: brake: min_vips 3 -> 5",
              "policy: brake: share 0.9 -> 0.75", "policy: brake: window 10s -> 1m"}},
            {R"({"bgp": null})", {"session-reset: bgp: removed"}},
            {R"({"bgp": {"local_as": 64700, "router_id": "192.0.2.11", "listen": []}})",
             {"session-reset: bgp: local_as 64601 -> 64700",
              "session-reset: bgp: router_id 192.0.2.10 -> 192.0.2.11",
              "session-reset: bgp: listen [::]:179 -> none"}},
            {R"({"bgp": {"next_hop": {"ipv4": "192.0.2.10"}}})",
             {"re-announce: bgp: next_hop 2001:db8::10 -> 192.0.2.10, 2001:db8::10"}},
            {R"({"bgp": {"peers": {"cr2": null, "cr3": {"address": "192.0.2.3", "remote_as": 1}}}})",
             {"session-reset: peer cr2: removed", "session-reset: peer cr3: added"}},
            {R"({"bgp": {"peers": {"cr1": {"address": "192.0.2.9", "port": 1179, "remote_as": 64999,
                  "local_address": "192.0.2.10", "passive": true, "hold_time": "30s", "families": ["ipv4"],
                  "password_file": "/k", "multihop": 2}}}})",
             {"session-reset: peer cr1: address 192.0.2.1 -> 192.0.2.9",
              "session-reset: peer cr1: port 179 -> 1179",
              "session-reset: peer cr1: remote_as 64600 -> 64999",
              "session-reset: peer cr1: local_address none -> 192.0.2.10",
              "session-reset: peer cr1: passive false -> true",
              "session-reset: peer cr1: hold_time 9s -> 30s",
              "session-reset: peer cr1: families ipv4, ipv6 -> ipv4",
              "session-reset: peer cr1: password_file none -> /k",
              "session-reset: peer cr1: multihop none -> 2"}},
            {R"({"bgp": {"peers": {"cr1": {"ttl_security_hops": 1, "next_hop": {"ipv4": "192.0.2.10"}}}}})",
             {"session-reset: peer cr1: ttl_security_hops none -> 1",
              "re-announce: peer cr1: next_hop none -> 192.0.2.10"}},
            {R"({"bgp": {"peers": {"cr1": {"graceful_restart": false, "max_prefixes": 5, "med": 1, "local_pref": 2,
                  "prepend": 3, "communities": ["1:2"], "large_communities": ["1:2:3"], "vips": ["web"]}}}})",
             {"session-reset: peer cr1: graceful_restart 30s -> none",
              "policy: peer cr1: max_prefixes 1000 -> 5", "re-announce: peer cr1: med none -> 1",
              "re-announce: peer cr1: local_pref none -> 2",
              "re-announce: peer cr1: prepend none -> 3",
              "re-announce: peer cr1: communities none -> 1:2, 1:2:3",
              "re-announce: peer cr1: vips all -> web"}},
            {R"({"services": {"tls": {"one_packet": true, "protocol": "udp", "persistence": {"timeout": "1m"},
                  "tunnel": {"type": "gue", "port": 6080, "checksum": "full", "outer_family": "ipv4"}}}})",
             {"kernel-writes: service tls: protocol tcp -> udp",
              "kernel-writes: service tls: tunnel ipip -> gue port 6080 checksum full over ipv4",
              "kernel-writes: service tls: one_packet false -> true",
              "kernel-writes: service tls: persistence none -> 1m for each /32, /128"}},
            {R"({"services": {"tls": {"port": null, "firewall_mark": 7, "monitors": []}}})",
             {"kernel-writes: service tls: port 443 -> 0",
              "kernel-writes: service tls: firewall_mark 0 -> 7"}},
            {R"({"ipvs": {"timeouts": {"tcp": "1h", "udp": "30s"}}})",
             {"kernel-writes: ipvs: timeouts none -> tcp 1h, udp 30s"}},
            {R"({"monitors": {"workers": 2, "max_running": 9}})",
             {"needs-restart: monitors: workers 1 -> 2",
              "needs-restart: monitors: max_running 0 -> 9"}},
            {R"({"monitors": {"vip_paths": {"first_mark": 7, "first_port": 9000, "count": 9}}})",
             {"kernel-writes: vip_paths: first_mark 268435456 -> 7",
              "kernel-writes: vip_paths: first_port 20000 -> 9000",
              "kernel-writes: vip_paths: count 10000 -> 9"}},
            {R"({"monitors": {"control": {"loopback": false, "addresses": ["192.0.2.1", "[2001:db8::1]:22"], "interval": "1s"}}})",
             {"policy: control: loopback true -> false",
              "policy: control: addresses none -> 192.0.2.1, [2001:db8::1]:22",
              "policy: control: interval 500ms -> 1s"}},
            {R"({"vips": {"web": {"addresses": ["203.0.113.10", "2001:db8:f::11"], "interface": "eth0"}}})",
             {"re-announce: vip web: addresses 203.0.113.10, 2001:db8:f::10 -> 203.0.113.10, "
              "2001:db8:f::11",
              "re-announce: vip web: interface lo -> eth0"}},
            {R"({"vips": {"web": {"announce": {"when": {"at_least": 2}, "families": "together", "hold_down": "1m"}}}})",
             {"policy: vip web: when all -> at least 2",
              "policy: vip web: families separate -> together",
              "policy: vip web: hold_down 10s -> 1m"}},
            {R"({"vips": {"web": {"announce": {"med": 5, "local_pref": 7, "prepend": 1, "communities": ["64600:1"],
                  "large_communities": ["1:2:3"]}}}})",
             {"re-announce: vip web: attributes none -> med 5, local_pref 7, prepend 1, "
              "communities 64600:1, 1:2:3"}},
            {R"({"vips": {"web": {"announce": {"min_interval": "30s", "degraded": {"below": 0.8, "steps": 2, "local_pref": 10,
                  "prepend": 1, "communities": ["64600:911"]}}}}})",
             {"policy: vip web: min_interval 5s -> 30s",
              "re-announce: vip web: degraded below the floor in 1 step: med +100 -> below 0.8 in "
              "2 steps: med +100, local_pref -10, prepend +1, communities 64600:911"}},
            {R"({"vips": {"web": {"announce": {"degraded": false}}}})",
             {"re-announce: vip web: degraded below the floor in 1 step: med +100 -> off"}},
            {R"({"services": {"tls": {"scheduler": "wrr", "slow_start": {"curve": "quadratic"},
                  "max_leaving": {"share": 0.2}}}})",
             {"kernel-writes: service tls: scheduler mh -> wrr",
              "kernel-writes: service tls: scheduler_flags mh-port, mh-fallback -> none",
              "policy: service tls: slow_start off -> quadratic from 10 % in 1m",
              "policy: service tls: max_leaving off -> 1 or 0.2 in 10s"}},
            {R"({"services": {"tls": null}})", {"kernel-writes: service tls: removed"}},
            {R"({"vips": {"new": {"addresses": ["203.0.113.99"]}}, "services": {"new": {"vip": "new", "port": 1,
                  "servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})",
             {"re-announce: vip new: added", "kernel-writes: service new: added"}},
            {R"({"services": {"tls": {"port": 444, "protocol": "udp", "scheduler": "wrr", "forwarding": "dr"}}})",
             {"kernel-writes: service tls: protocol tcp -> udp",
              "kernel-writes: service tls: port 443 -> 444",
              "kernel-writes: service tls: scheduler mh -> wrr",
              "kernel-writes: service tls: scheduler_flags mh-port, mh-fallback -> none",
              "kernel-writes: service tls: forwarding tunnel -> dr"}},
            {R"({"services": {"http": {"depool_threshold": 0.25, "min_up": 2, "min_up_share": 0.5,
                  "drain_timeout": "1m"}}})",
             {"policy: service http: depool_threshold 0.5 -> 0.25",
              "policy: service http: min_up 1 -> 2", "policy: service http: min_up_share 0 -> 0.5",
              "policy: service http: drain_timeout 5m -> 1m"}},
            {R"({"services": {"http": {"monitors": []}}})",
             {"policy: service http: monitors 1 -> 0"}},
            {R"({"services": {"http": {"monitors": [{"type": "tcp", "rise": 3}]}}})",
             {"policy: service http: monitor 0 (tcp) changed"}},
            {R"({"services": {"http": {"servers": {"a": {"weight": 20}, "b": null,
                  "c": {"address": ["10.0.0.3", "2001:db8::3"]}}}}})",
             {"kernel-writes: service http: server b: removed",
              "kernel-writes: service http: server a: weight 1 -> 20",
              "kernel-writes: service http: server c: added"}},
            {R"({"services": {"http": {"servers": {"b": {"address": "10.0.0.9", "port": 80, "state": "draining"}}}}})",
             {"kernel-writes: service http: server b: address 10.0.0.2, 2001:db8::2 -> 10.0.0.9",
              "kernel-writes: service http: server b: port none -> 80",
              "kernel-writes: service http: server b: state enabled -> draining"}},
        }) {
        CAPTURE(patch);
        CHECK(lines_after(patch) == lines);
    }
}

TEST_CASE("configurations that are equal in every line are equal") {
    // Guards against a key that is read but forgotten here: everything that can be written must
    // show as a difference.
    auto document = before();
    document["services"]["http"]["servers"]["a"]["weight"] = 7;
    const auto one = config_of(before());
    const auto other = config_of(document);
    CHECK_FALSE(one == other);
    CHECK_FALSE(differences(one, other).empty());
}

TEST_CASE("what needs a restart is picked out") {
    auto document = before();
    document["node"] = "lb2";
    document["stop"]["gshut_wait"] = "1s";
    const auto all = differences(config_of(before()), config_of(document));
    CHECK(all.size() == 2);
    REQUIRE(needing_restart(all).size() == 1);
    CHECK(needing_restart(all)[0].subject == "node");
}
