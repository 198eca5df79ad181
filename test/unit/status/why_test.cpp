#include "src/status/client/why.hpp"

#include "src/status/status_json.hpp"
#include "test/unit/status/example_snapshot.hpp"
#include "test/unit/status/golden.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;
using nlohmann::json;

namespace {

json status() {
    return json::parse(status_json(example_snapshot(), Detail::full));
}

json service() {
    const auto snapshot = example_snapshot();
    return json::parse(service_json(snapshot, *snapshot.services.at("text-https"), Detail::full));
}

json service_list() {
    const auto snapshot = example_snapshot();
    ServicePage page;
    page.services.push_back(snapshot.services.at("text-https").get());
    return json::parse(services_json(snapshot, page, Detail::full));
}

View paper() {
    View view;
    view.now = example_snapshot().made_wall;
    return view;
}

}  // namespace

TEST_CASE("a server that is drained has left when the kernel has it nowhere") {
    auto answer = services();
    CHECK(left_on(answer, {"text-https", "cp3"}).empty());
    CHECK(left_on(answer, {"", "cp1"}) ==
          std::vector<std::string>{"text-https ipv4: its connections have not been counted yet"});
    auto& server = answer["services"][0]["pools"][0]["servers"][0];
    REQUIRE(server["name"] == "cp1");
    server["connections"] = {{"active", 3}, {"inactive", 9}};
    CHECK(left_on(answer, {"text-https", "cp1"}).front() ==
          "text-https ipv4: 12 connections, 3 of them established");
    CHECK(left_on(answer, {"other", "cp1"}).empty());
    server["kernel_weight"] = nullptr;
    CHECK(left_on(answer, {"", "cp1"}).empty());
}

TEST_CASE("the chain of a server goes from its probes to the routes") {
    const auto actual = explain(status(), service(), "cp2", paper());
    CHECK(actual == golden("why-server.txt", actual));
}

TEST_CASE("the chain of a service tells of the servers that are not well") {
    const auto actual = explain(status(), service(), "", paper());
    CHECK(actual == golden("why-service.txt", actual));
}

TEST_CASE("a server that is suspect says what waits, for how long and why") {
    auto content = service();
    for (auto& server : content["service"]["pools"][0]["servers"]) {
        if (server["name"] != "cp1") continue;
        server["suspect"] = true;
        server["suspect_since"] = server["health_since"];
        server["suspect_reason"] = {{"code", "timers-late"}, {"text", "a probe started 2s late"}};
    }
    CHECK_THAT(explain(status(), content, "cp1", paper()),
               Catch::Contains("    suspect  a verdict of down waits for 10 min: "
                               "a probe started 2s late\n"));
}

TEST_CASE("the last probes are told newest first, as far as each one got") {
    const auto report = json::parse(R"({"service": "text", "server": "cp1", "probes": [
        {"vip_address": "2001:db8:f::10", "monitor": "http", "advisory": false,
         "address": "2001:db8::11", "port": 443, "results": [
            {"at": "2026-11-21T04:59:50.000Z", "success": true, "took_microseconds": 1300,
             "reason": {"code": "ok", "text": "status 200"}, "reused": true,
             "connected_microseconds": null, "handshaken_microseconds": null,
             "first_byte_microseconds": 1240},
            {"at": "2026-11-21T04:59:50.000Z", "success": true, "took_microseconds": 2300,
             "reason": {"code": "ok", "text": "status 200"}, "connected_microseconds": 400,
             "handshaken_microseconds": 1500, "first_byte_microseconds": 2240},
            {"at": "2026-11-21T04:59:55.000Z", "success": false, "took_microseconds": 2000000,
             "reason": {"code": "timeout", "text": "no answer in 2s"},
             "connected_microseconds": null, "handshaken_microseconds": null,
             "first_byte_microseconds": null}]},
        {"vip_address": "203.0.113.10", "monitor": "idle-tcp", "advisory": true,
         "via": "vip", "address": "203.0.113.10", "port": 443, "results": []}]})");
    CHECK(
        explain_probes(report, paper()) ==
        "  last probes text 2001:db8:f::10: http, [2001:db8::11]:443\n"
        "    failed   5 s ago, in 2000.0 ms: timeout: no answer in 2s\n"
        "    ok       10 s ago, in 2.3 ms (connected after 0.4 ms, TLS after 1.5 ms, first byte "
        "after 2.2 ms): ok: status 200\n"
        "    ok       10 s ago, in 1.3 ms (connection reused, first byte after 1.2 ms): ok: status "
        "200\n"
        "  last probes text 203.0.113.10: idle-tcp through the VIP (advisory), 203.0.113.10:443\n"
        "             none yet\n");
}

TEST_CASE("a server that the service does not have has no chain") {
    CHECK(explain(status(), service(), "cp8", paper()).empty());
}

TEST_CASE("a subject leads to services by service, VIP or VIP address") {
    using Names = std::vector<std::string>;
    CHECK(services_behind(status(), "text-https") == Names{"text-https"});
    CHECK(services_behind(status(), "text-https/cp1") == Names{"text-https"});
    CHECK(services_behind(status(), "text") == Names{"text-https"});
    CHECK(services_behind(status(), "2001:db8:f::10") == Names{"text-https"});
    CHECK(services_behind(status(), "cp1").empty());
}

TEST_CASE("a server may be depooled while the floor holds without it") {
    auto content = service();
    CHECK(objection_to_depool(content, "cp1") ==
          "text-https ipv4: 1 of 4 up, without cp1 it would be 0, the floor is 2");
    CHECK(objection_to_depool(content, "cp3").empty());  // down already
    CHECK(objection_to_depool(content, "cp4").empty());  // disabled already
    CHECK_FALSE(is_in_a_pool(content, "cp9"));
    CHECK(is_in_a_pool(content, "cp4"));
    content["service"]["pools"][0]["up"] = 3;
    CHECK(objection_to_depool(content, "cp1").empty());
    content["service"]["pools"][0]["up"] = 1;
    content["service"]["pools"][0]["servers"][0]["weight"] = 0;
    CHECK(objection_to_depool(content, "cp1").empty());  // carries nothing already
}

TEST_CASE("the chain of a peer tells of its session and of what it does not know") {
    const auto established = explain_peer(status(), "cr1", paper());
    CHECK(established ==
          "peer cr1\n"
          "  session  established for 11 min: established\n"
          "  routes   ipv4: 1 wanted, 1 written, 0 pending\n");
    const auto refused = explain_peer(status(), "cr2", paper());
    CHECK(refused ==
          "peer cr2\n"
          "  session  active for 3 s: 192.0.2.2:179 refused the connection\n"
          "  dials    again at 2026-11-21T05:00:05.000Z\n"
          "  it said  6/2 Administrative Shutdown: \"maintenance <b>tonight</b>\"\n"
          "  VIP      text 203.0.113.10 is announced, but not written to cr2\n");
    CHECK(explain_peer(status(), "cr9", paper()).empty());
}

TEST_CASE("a command has come to pass when the kernel has acknowledged it everywhere") {
    CHECK(settled(service_list(), {"text-https", "cp1"}, true));
    CHECK_FALSE(settled(service_list(), {"text-https", "cp1"}, false));
    CHECK(settled(service_list(), {"", "cp3"}, false));
    CHECK(settled(service_list(), {"other", "cp1"}, false));
    CHECK_FALSE(settled(service_list(), {"other", "cp1"}, true));
}

TEST_CASE("a host name is told with its address, its age and what is wrong with it") {
    const auto names = json::parse(names_json(example_snapshot()));
    CHECK(host_name_of(service(), "cp2") == "cp2.example.org");
    CHECK(host_name_of(service(), "cp9") == "cp9.example.org");
    CHECK(host_name_of(service(), "cp1").empty());
    CHECK(explain_name(names, "cp2.example.org", paper()) ==
          "  name     cp2.example.org is good: 10.0.0.12, answered 40 s ago, asked for again in 20 "
          "s\n");
    CHECK(
        explain_name(names, "cp3.example.org", paper()) ==
        "  name     cp3.example.org is stale: 10.0.0.13, 2001:db8::13, answered 10 min ago, being "
        "asked for: ipv4: Timeout while contacting DNS servers\n");
    CHECK(explain_name(names, "cp9.example.org", paper()) ==
          "  name     cp9.example.org is unresolved: no address, asked for again in 1 s: no such "
          "name (NXDOMAIN)\n");
    CHECK(explain_name(names, "other.example.org", paper()).empty());
}

TEST_CASE("a server that is in no pool is explained by its host name") {
    CHECK_FALSE(is_in_a_pool(service(), "cp9"));
    CHECK(is_in_a_pool(service(), "cp2"));
    CHECK(explain(status(), service(), "cp9", paper()) ==
          "text-https: server cp9 is in no pool: cp9.example.org: no such name (NXDOMAIN)\n");
}
