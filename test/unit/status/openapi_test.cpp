// docs/openapi.json and the API say the same: the same paths, and every answer is as the document
// describes it, with nothing left out and nothing more.

#include "src/status/api.hpp"
#include "src/status/command_json.hpp"
#include "src/status/doctor.hpp"
#include "src/status/probe_report.hpp"
#include "test/unit/status/example_snapshot.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <fstream>
#include <regex>
#include <set>

using namespace vipd;
using nlohmann::json;

namespace {

const json& document() {
    static const json parsed = json::parse(std::ifstream(OPENAPI_FILE));
    return parsed;
}

/// What is wrong with the value; empty if nothing.
std::string complaints(const json& value, const json& response_schema) {
    // A schema of its own, with the document's components at the place that its references name.
    json whole = response_schema;
    whole["components"] = document()["components"];
    valijson::Schema schema;
    valijson::SchemaParser parser;
    const valijson::adapters::NlohmannJsonAdapter source(whole);
    parser.populateSchema(source, schema);
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target(value);
    if (validator.validate(schema, target, &results)) return "";
    std::string all;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        for (const auto& part : error.context)
            all += part;
        all += ": " + error.description + "\n";
    }
    return all;
}

HttpResponse ask(const std::string& method, const std::string& target, bool started = true) {
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

const json& schema_of(const std::string& path, const std::string& method, unsigned status) {
    return document()["paths"][path][method]["responses"][std::to_string(status)]["content"]
                     ["application/json"]["schema"];
}

}  // namespace

TEST_CASE("the document lists the paths and methods that the API answers, and no others") {
    std::set<std::string> documented;
    for (const auto& [path, methods] : document()["paths"].items()) {
        for (const auto& [method, operation] : methods.items()) {
            documented.insert(method + " " +
                              std::regex_replace(path, std::regex(R"(\{\w+\})"), "{}"));
        }
    }
    std::set<std::string> answered;
    for (const auto& [method, path] : api_paths()) {
        answered.insert((method == "GET" ? "get " : "post ") + path);
    }
    CHECK(documented == answered);
}

TEST_CASE("every answer is as the document describes it") {
    const std::vector<std::pair<std::string, std::string>> asked{
        {"/v1/status", "/v1/status"},
        {"/v1/status", "/v1/status?summary"},
        {"/v1/services", "/v1/services"},
        {"/v1/services", "/v1/services?summary&limit=1"},
        {"/v1/services", "/v1/services?limit=0"},
        {"/v1/services/{name}", "/v1/services/text-https"},
        {"/v1/services/{name}", "/v1/services/text-https?summary"},
        {"/v1/services/{name}", "/v1/services/none"},
        {"/v1/vips", "/v1/vips"},
        {"/v1/peers", "/v1/peers"},
        {"/v1/names", "/v1/names"},
        {"/v1/alerts", "/v1/alerts"},
        {"/v1/events", "/v1/events"},
        {"/v1/events", "/v1/events?after=x"},
        {"/healthz", "/healthz"},
        {"/readyz", "/readyz"},
        {"/pools", "/pools"},
        {"/pools/{name}", "/pools/text-https"},
        {"/pools/{name}/{server}", "/pools/text-https/cp1"},
        {"/alerts", "/alerts"},
    };
    for (const auto& [path, target] : asked) {
        const auto response = ask("GET", target);
        CAPTURE(target, response.status);
        CHECK(complaints(json::parse(*response.body), schema_of(path, "get", response.status)) ==
              "");
    }
}

TEST_CASE("the answers of a daemon that starts are as documented") {
    for (const auto* path : {"/v1/status", "/v1/services", "/v1/vips", "/readyz", "/pools"}) {
        const auto response = ask("GET", path, false);
        CAPTURE(path);
        CHECK(response.status == 503);
        CHECK(complaints(json::parse(*response.body), schema_of(path, "get", 503)).empty());
    }
}

TEST_CASE("the doctor's report is as documented") {
    const std::vector<Finding> findings{
        {std::nullopt, {ipvs::Severity::warning, "sloppy-tcp", "lost", "set it", std::nullopt}},
        {"text",
         {ipvs::Severity::error, "thresholds", "above", "make it less",
          ipvs::DestinationKey{*Address::parse("10.0.0.11"), 443}}}};
    const auto body = json::parse(doctor_json("lb1", findings));
    CHECK(complaints(body, schema_of("/v1/doctor", "get", 200)).empty());
    CHECK(body["findings"][0]["service"].is_null());
    CHECK(body["findings"][1]["destination"] == "10.0.0.11:443");
    const auto response = inquiry_response({Outcome::done, "", "{}"});
    CHECK(response.status == 200);
    CHECK(*response.body == "{}");
    const auto late = inquiry_response({Outcome::timeout, "no answer", ""});
    CHECK(complaints(json::parse(*late.body), schema_of("/v1/doctor", "get", late.status)).empty());
    CHECK(ask("GET", "/v1/doctor").status == 503);  // nobody there who could look
}

TEST_CASE("what probes found is as documented") {
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
    const auto body = json::parse(
        probes_json(report, {TimePoint() + Duration(2500), example_snapshot().made_wall}));
    const std::string path = "/v1/services/{name}/servers/{server}/probes";
    CHECK(complaints(body, schema_of(path, "get", 200)).empty());
    const auto& told = body["probes"][0]["results"][0];
    CHECK(told["at"] == "2026-11-21T04:59:57.500Z");
    CHECK(told["seconds"] == 2.5);
    CHECK(told["reused"] == false);
    CHECK(told["connected_microseconds"] == 300);
    CHECK(told["first_byte_microseconds"].is_null());
    CHECK(told["took_microseconds"] == 1500);
    for (const auto* target :
         {"/v1/services/none/servers/cp1/probes", "/v1/services/text-https/servers/cp9/probes"}) {
        const auto response = ask("GET", target);
        CHECK(response.status == 404);
        CHECK(complaints(json::parse(*response.body), schema_of(path, "get", 404)).empty());
    }
    CHECK(ask("GET", "/v1/services/text-https/servers/cp1/probes").status == 503);  // runs none
}

TEST_CASE("what commands are answered is as documented") {
    const auto over_tcp = ask("POST", "/v1/drain");
    CHECK(over_tcp.status == 403);
    CHECK(complaints(json::parse(*over_tcp.body), schema_of("/v1/drain", "post", 403)).empty());
    for (const auto outcome :
         {Outcome::done, Outcome::refused, Outcome::failed, Outcome::usage, Outcome::timeout}) {
        const auto response = command_response({outcome, "words", R"({"more": 1})"});
        CHECK(
            complaints(json::parse(*response.body), schema_of("/v1/drain", "post", response.status))
                .empty());
    }
}

TEST_CASE("the check of answers against the document can fail") {
    const auto& schema = schema_of("/v1/alerts", "get", 200);
    auto body = json::parse(*ask("GET", "/v1/alerts").body);
    CHECK(complaints(body, schema).empty());
    body["alerts"][0]["since"] = "yesterday";
    CHECK_FALSE(complaints(body, schema).empty());
    body["alerts"][0].erase("since");
    CHECK_FALSE(complaints(body, schema).empty());
    body["alerts"] = json::array();
    body["more"] = 1;
    CHECK_FALSE(complaints(body, schema).empty());
}
