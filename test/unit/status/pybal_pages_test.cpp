#include "src/status/pybal_pages.hpp"

#include "test/unit/status/example_snapshot.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

namespace {

HttpRequest request(const std::string& target, std::vector<std::string> accept = {}) {
    HttpRequest made;
    made.method = "GET";
    made.target = target;
    made.accept = std::move(accept);
    return made;
}

std::string pools(const std::string& target, std::vector<std::string> accept = {},
                  const Snapshot& snapshot = example_snapshot()) {
    return *pybal_pools(request(target, std::move(accept)), *RequestTarget::parse(target), snapshot)
                .body;
}

const std::vector<std::string> as_json{"application/json"};

/// One service whose only pool has this many servers, all well, and this floor.
Snapshot small_site(std::size_t configured, std::size_t floor) {
    auto snapshot = large_snapshot(1, configured);
    snapshot.services.erase("text-https");
    auto service = *snapshot.services["service-0000"];
    service.pools[0].floor = floor;
    snapshot.services["service-0000"] = std::make_shared<const ServiceView>(service);
    return snapshot;
}

std::string alerts(const Snapshot& snapshot) {
    return *pybal_alerts(request("/alerts"), snapshot).body;
}

}  // namespace

TEST_CASE("pools are listed one a line, or as an array") {
    CHECK(pools("/pools") == "text-https\n");
    CHECK(pools("/pools/") == "text-https\n");
    CHECK(pools("/pools", as_json) == R"(["text-https"])");
    CHECK(pools("/pools", as_json, large_snapshot(2, 1)) ==
          R"(["service-0000", "service-0001", "text-https"])");
}

TEST_CASE("a pool is a line for each server: host, colon, tab, three words") {
    CHECK(pools("/pools/text-https") ==
          "cp1:\tenabled/up/pooled\n"
          "cp2:\tenabled/down/pooled\n"
          "cp3:\tenabled/down/not pooled\n"
          "cp4:\tdisabled/partially up/not pooled\n");
}

TEST_CASE("a pool in JSON is an object of states, spaced as Python does") {
    CHECK(pools("/pools/text-https", as_json) ==
          R"({"cp1": {"pooled": true, "weight": 10, "up": true, "enabled": true}, )"
          R"("cp2": {"pooled": true, "weight": 10, "up": false, "enabled": true}, )"
          R"("cp3": {"pooled": false, "weight": 10, "up": false, "enabled": true}, )"
          R"("cp4": {"pooled": false, "weight": 10, "up": false, "enabled": false}})");
}

TEST_CASE("a server is its words and a line end, or its state") {
    CHECK(pools("/pools/text-https/cp1") == "enabled/up/pooled\n");
    CHECK(pools("/pools/text-https/cp1", as_json) ==
          R"({"pooled": true, "weight": 10, "up": true, "enabled": true})");
}

TEST_CASE("a server of both families is up and pooled when it is so in both") {
    auto snapshot = example_snapshot();
    auto service = *snapshot.services["text-https"];
    service.pools[1].servers[0] = healthy_server("cp2", "2001:db8::12");
    service.pools[1].servers.push_back(healthy_server("cp1", "2001:db8::11"));
    service.pools[1].servers[1].pooled = false;
    snapshot.services["text-https"] = std::make_shared<const ServiceView>(service);
    CHECK(pools("/pools/text-https/cp2", {}, snapshot) == "enabled/down/pooled\n");
    CHECK(pools("/pools/text-https/cp1", {}, snapshot) == "enabled/up/not pooled\n");
}

TEST_CASE("JSON is chosen by an Accept line that is exactly application/json") {
    CHECK(wants_pybal_json(request("/", {"application/json"})));
    CHECK(wants_pybal_json(request("/", {"text/html", "application/json"})));
    CHECK_FALSE(wants_pybal_json(request("/", {"application/json, text/plain"})));
    CHECK_FALSE(wants_pybal_json(request("/", {"application/json;q=1"})));
    CHECK_FALSE(wants_pybal_json(request("/", {"*/*"})));
    CHECK_FALSE(wants_pybal_json(request("/")));
}

TEST_CASE("content types are PyBal's") {
    const auto target = *RequestTarget::parse("/pools");
    CHECK(pybal_pools(request("/pools"), target, example_snapshot()).content_type == "text/plain");
    CHECK(pybal_pools(request("/pools", as_json), target, example_snapshot()).content_type ==
          "application/json");
}

TEST_CASE("what does not exist is PyBal's sentence") {
    for (const auto* target : {"/pools/none", "/pools/text-https/none"}) {
        const auto response =
            pybal_pools(request(target), *RequestTarget::parse(target), example_snapshot());
        CHECK(response.status == 404);
        CHECK(*response.body == "The desired url was not found");
        CHECK(pools(target, as_json) == R"({"error": "The desired url was not found"})");
    }
}

TEST_CASE("down but pooled is critical and hides warnings") {
    CHECK(alerts(example_snapshot()) ==
          "CRITICAL - text-https: Servers cp2 are marked down but pooled");
    CHECK(*pybal_alerts(request("/alerts", as_json), example_snapshot()).body ==
          R"({"status": "critical", "msg": "text-https: Servers cp2 are marked down but pooled"})");
}

TEST_CASE("a pool that may lose no server is a warning with a space at its end") {
    CHECK(alerts(small_site(2, 2)) ==
          "WARNING - Pool service-0000 is too small to allow depooling. ");
    CHECK(alerts(small_site(4, 4)).starts_with("WARNING - "));
}

TEST_CASE("otherwise all pools are healthy, one server or none included") {
    CHECK(alerts(small_site(2, 1)) == "OK - All pools are healthy");
    CHECK(alerts(small_site(1, 1)) == "OK - All pools are healthy");
    CHECK(alerts(small_site(0, 0)) == "OK - All pools are healthy");
    CHECK(*pybal_alerts(request("/alerts", as_json), small_site(4, 3)).body ==
          R"({"status": "ok", "msg": "All pools are healthy"})");
}
