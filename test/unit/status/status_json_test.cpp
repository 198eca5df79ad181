#include "src/status/status_json.hpp"

#include "test/unit/status/example_snapshot.hpp"
#include "test/unit/status/golden.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;

TEST_CASE("the full status shows node, readiness, kernel, VIPs, peers and services with reasons") {
    const auto actual = pretty_json(status_json(example_snapshot(), Detail::full));
    CHECK(actual == golden("status.json", actual));
}

TEST_CASE("the summary is the status without lists") {
    const auto summary = nlohmann::json::parse(status_json(example_snapshot(), Detail::summary));
    CHECK(summary["totals"]["servers"] == 5);
    CHECK_FALSE(summary.contains("services"));
    CHECK_FALSE(summary.contains("vips"));
    CHECK_FALSE(summary.contains("peers"));
}

TEST_CASE(
    "a service shows every server with health, administrative state and placement, each with its "
    "reason") {
    const auto snapshot = example_snapshot();
    const auto actual =
        pretty_json(service_json(snapshot, *snapshot.services.at("text-https"), Detail::full));
    CHECK(actual == golden("service.json", actual));
}

TEST_CASE("peers are shown with messages, families and their last words") {
    const auto actual = pretty_json(peers_json(example_snapshot()));
    CHECK(actual == golden("peers.json", actual));
}

TEST_CASE("a time before the picture was made has a positive age, a deadline lies ahead") {
    const auto vips = nlohmann::json::parse(vips_json(example_snapshot()));
    const auto& waiting = vips["vips"][0]["addresses"][1];
    CHECK(waiting["since"] == "2026-11-21T04:59:56.000Z");
    CHECK(waiting["seconds"] == 4.0);
    CHECK(waiting["deadline"] == "2026-11-21T05:00:06.000Z");
}

TEST_CASE("a summary draws a pool as one letter a server") {
    const auto status = nlohmann::json::parse(status_json(example_snapshot(), Detail::full));
    CHECK(status["services"][0]["pools"][0]["cells"] == "phdx");
    CHECK(status["services"][0]["pools"][1]["cells"] == "d");
}

TEST_CASE("a server that the kernel has not acknowledged is not drawn as pooled") {
    auto server = healthy_server("cp1", "10.0.0.11");
    server.pooled = false;
    CHECK(server_cell(server) == 'w');
}

TEST_CASE("before the kernel was read there is no kernel to show") {
    auto snapshot = example_snapshot();
    snapshot.kernel = nullptr;
    const auto status = nlohmann::json::parse(status_json(snapshot, Detail::summary));
    CHECK(status["kernel"].is_null());
    CHECK(status["ready"] == false);
}
