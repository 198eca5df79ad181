#include "test/unit/status/ask.hpp"

#include "src/status/doctor.hpp"
#include "src/status/probe_report.hpp"
#include "test/unit/status/example_snapshot.hpp"

namespace vipd::test {

HttpResponse ask(const std::string& method, const std::string& target, bool started) {
    static const auto snapshot = example_snapshot();
    EventRing events;
    events.add({1, std::nullopt, {}, "server-down", "text/cp1", "down"});
    events.add({2, 1, {}, "vip-withdrawn", "text", "unfit"});
    ApiState state;
    state.snapshot = started ? &snapshot : nullptr;
    state.etag = "\"1\"";
    state.threads = {{"control", TimePoint()}};
    state.events = &events;
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.accept = {"application/json"};
    return std::get<HttpResponse>(answer(request, state));
}

std::string example_probes() {
    using std::chrono::microseconds;
    monitors::ProbeResult result{.success = false,
                                 .reason = {"http-status", "got 503, accepted 200"},
                                 .took = microseconds(1500),
                                 .finished = TimePoint(),
                                 .phases = {}};
    result.phases.connected = std::chrono::duration<std::uint32_t, std::micro>(300);
    const ProbeReport report{"text",
                             "cp1",
                             {{1,
                               *Address::parse("203.0.113.10"),
                               "http",
                               true,
                               false,
                               Endpoint{*Address::parse("10.0.0.11"), 443},
                               Duration(5000),
                               Duration(2000),
                               {result}}}};
    return probes_json(report, {TimePoint() + Duration(2500), example_snapshot().made_wall});
}

std::string example_doctor() {
    const std::vector<Finding> findings{
        {std::nullopt, {ipvs::Severity::warning, "sloppy-tcp", "lost", "set it", std::nullopt}},
        {"text",
         {ipvs::Severity::error, "thresholds", "above", "make it less",
          ipvs::DestinationKey{*Address::parse("10.0.0.11"), 443}}}};
    return doctor_json("lb1", findings);
}

}  // namespace vipd::test
