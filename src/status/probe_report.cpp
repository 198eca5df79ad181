#include "src/status/probe_report.hpp"

#include "src/base/json_writer.hpp"

namespace vipd {
namespace {

std::optional<std::uint32_t> microseconds(const monitors::Phases::Elapsed& elapsed) {
    return elapsed ? std::optional(elapsed->count()) : std::nullopt;
}

void write_result(JsonWriter& json, const monitors::ProbeResult& result, const ClockPair& now) {
    json.begin_object();
    json.member("at", iso_time(now.wall_time(result.finished)));
    json.member("seconds", now.age(result.finished));
    json.member("success", result.success);
    json.key("reason");
    json.begin_object();
    json.member("code", result.reason.code);
    json.member("text", result.reason.text);
    json.end_object();
    json.member("reused", result.phases.reused);
    json.member("connected_microseconds", microseconds(result.phases.connected));
    json.member("handshaken_microseconds", microseconds(result.phases.handshaken));
    json.member("first_byte_microseconds", microseconds(result.phases.first_byte));
    json.member("took_microseconds", result.took.count());
    json.member("weight", result.weight);
    json.end_object();
}

void write_probe(JsonWriter& json, const ProbeHistory& probe, const ClockPair& now) {
    json.begin_object();
    json.member("family", to_string(probe.vip_address.family()));
    json.member("vip_address", probe.vip_address.to_string());
    json.member("monitor", probe.monitor);
    json.member("via", probe.via_vip ? "vip" : "server");
    json.member("advisory", probe.advisory);
    json.member("address", probe.target.address.to_string());
    json.member("port", probe.target.port);
    json.member("interval_seconds", probe.interval);
    json.member("timeout_seconds", probe.timeout);
    json.key("results");
    json.begin_array();
    for (const auto& result : probe.results)
        write_result(json, result, now);
    json.end_array();
    json.end_object();
}

}  // namespace

std::string probes_json(const ProbeReport& report, const ClockPair& now) {
    JsonWriter json;
    json.begin_object();
    json.member("made", iso_time(now.wall));
    json.member("service", report.service);
    json.member("server", report.server);
    json.key("probes");
    json.begin_array();
    for (const auto& probe : report.probes)
        write_probe(json, probe, now);
    json.end_array();
    json.end_object();
    return json.take() + "\n";
}

}  // namespace vipd
