#include "src/status/metrics.hpp"

#include "src/status/metrics_writer.hpp"
#include "test/unit/status/example_snapshot.hpp"
#include "test/unit/status/golden.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;

TEST_CASE("metrics show daemon, pools, VIPs, peers and kernel") {
    const auto actual = metrics_text(example_snapshot(), MetricsLevel::service);
    CHECK(actual == golden("metrics.txt", actual));
}

TEST_CASE("series of servers come only where they are asked for") {
    const auto sample =
        "vipd_server_pooled{service=\"text-https\",family=\"ipv4\",server=\"cp2\"} 1\n";
    CHECK_FALSE(says(metrics_text(example_snapshot(), MetricsLevel::service), "server="));
    CHECK(says(metrics_text(example_snapshot(), MetricsLevel::server), sample));
}

TEST_CASE("the number of series does not grow with the number of servers") {
    const auto lines = [](std::size_t servers) {
        const auto text = metrics_text(large_snapshot(10, servers), MetricsLevel::service);
        return std::ranges::count(text, '\n');
    };
    CHECK(lines(1) == lines(20));
}

TEST_CASE("a histogram is cumulative and ends with all") {
    auto snapshot = example_snapshot();
    Histogram http({0.001, 0.01});
    http.add(0.001, 2);  // a bound is inclusive
    http.add(0.002, 3);
    http.add(0.5);
    Histogram tcp({0.001});
    tcp.add(0.25, 7);
    snapshot.histograms = {{"vipd_probe_duration_seconds", "Help.", {"type", "http"}, http},
                           {"vipd_probe_duration_seconds", "Help.", {"type", "tcp"}, tcp},
                           {"vipd_other_seconds", "Help.", {}, tcp}};
    const auto text = metrics_text(snapshot, MetricsLevel::service);
    CHECK(says(text,
               "# TYPE vipd_probe_duration_seconds histogram\n"
               "vipd_probe_duration_seconds_bucket{type=\"http\",le=\"0.001\"} 2\n"
               "vipd_probe_duration_seconds_bucket{type=\"http\",le=\"0.01\"} 5\n"
               "vipd_probe_duration_seconds_bucket{type=\"http\",le=\"+Inf\"} 6\n"
               "vipd_probe_duration_seconds_sum{type=\"http\"} 0.508\n"
               "vipd_probe_duration_seconds_count{type=\"http\"} 6\n"
               "vipd_probe_duration_seconds_bucket{type=\"tcp\",le=\"0.001\"} 0\n"));
    CHECK(says(text, "vipd_other_seconds_bucket{le=\"+Inf\"} 7\nvipd_other_seconds_sum 1.75\n"));
}

TEST_CASE("probes are counted by monitor type") {
    monitors::EngineStats probes;
    Histogram durations({0.001});
    durations.add(0.5, 3);
    probes.types = {{"http", 3, 1, durations}};
    probes.lateness = Histogram({0.001});
    probes.lateness.add(0.0001, 3);
    probes.waiting = 2;
    auto snapshot = example_snapshot();
    snapshot.probes = probes;
    const auto text = metrics_text(snapshot, MetricsLevel::service);
    CHECK(says(text,
               "\nvipd_probes_total{type=\"http\",result=\"success\"} 2\n"
               "vipd_probes_total{type=\"http\",result=\"failure\"} 1\n"));
    CHECK(says(text, "\nvipd_probes_waiting 2\n"));
    CHECK(says(text,
               "\nvipd_probe_duration_seconds_bucket{type=\"http\",le=\"0.001\"} 0\n"
               "vipd_probe_duration_seconds_bucket{type=\"http\",le=\"+Inf\"} 3\n"
               "vipd_probe_duration_seconds_sum{type=\"http\"} 1.5\n"));
    CHECK(says(text, "\nvipd_probe_lateness_seconds_bucket{le=\"0.001\"} 3\n"));
}

TEST_CASE("a configuration that was read and is not used is told apart from the one that is") {
    auto snapshot = example_snapshot();
    snapshot.config.problem = "vipd.json:1:1: found nothing, expected an object";
    snapshot.config.tried += std::chrono::seconds(30);
    const auto text = metrics_text(snapshot, MetricsLevel::service);
    CHECK(says(text, "\nvipd_config_last_load_successful 0\n"));
    CHECK(says(text, "\nvipd_config_last_load_time_seconds 1795237170\n"));
    CHECK(says(text, "\nvipd_config_good_time_seconds 1795237140\n"));
    CHECK(says(text, "\nvipd_config_loads_total{result=\"rejected\"} 1\n"));
}

TEST_CASE("what the kernel counts is shown for each pool that it has counted") {
    auto snapshot = example_snapshot();
    auto service = *snapshot.services.at("text-https");
    service.pools[0].key =
        ipvs::VirtualEndpoint{ipvs::Protocol::tcp, *Endpoint::parse("203.0.113.10:443")};
    ipvs::ServiceStatistics counted;
    counted.counters.connections = 7;
    counted.counters.bytes_in = 900;
    for (const auto* address : {"10.0.0.11", "10.0.0.12"})
        counted.destinations[{*Address::parse(address), 443}].active_connections = 2;
    snapshot.statistics =
        std::make_shared<const ipvs::Statistics>(ipvs::Statistics{{service.pools[0].key, counted}});
    snapshot.services["text-https"] = std::make_shared<const ServiceView>(service);
    const auto text = metrics_text(snapshot, MetricsLevel::service);
    const std::string pool = "service=\"text-https\",family=\"ipv4\"";
    CHECK(says(text, "\nvipd_ipvs_connections_total{" + pool + "} 7\n"));
    CHECK(says(text, "\nvipd_ipvs_active_connections{" + pool + "} 4\n"));
    CHECK(says(text, "\nvipd_ipvs_bytes_total{" + pool + ",direction=\"in\"} 900\n"));
    CHECK_FALSE(says(text, "vipd_ipvs_bytes_total{service=\"text-https\",family=\"ipv6\""));
}

TEST_CASE("errors with a peer are counted by class") {
    auto snapshot = example_snapshot();
    auto peer = *snapshot.peers.front();
    peer.errors = {{"hold-timer-expired", 2}, {"treat-as-withdraw", 1}};
    snapshot.peers = {std::make_shared<const bgp::PeerStatus>(peer)};
    const auto text = metrics_text(snapshot, MetricsLevel::service);
    CHECK(says(text,
               "vipd_bgp_errors_total{peer=\"cr1\",class=\"hold-timer-expired\"} 2\n"
               "vipd_bgp_errors_total{peer=\"cr1\",class=\"treat-as-withdraw\"} 1\n"));
}

TEST_CASE("label values are escaped") {
    MetricsWriter out;
    out.family("m", "gauge", "Help.");
    out.sample({{"a", "q\"b\\n\nl"}}, 1.5);
    CHECK(out.take() == "# HELP m Help.\n# TYPE m gauge\nm{a=\"q\\\"b\\\\n\\nl\"} 1.5\n");
}
