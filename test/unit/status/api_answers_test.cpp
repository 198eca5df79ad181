// Answers of the API to what docs/openapi.json describes: a JSON object a line, for openapi_test.py
// to compare with the document. Hidden: it tests nothing by itself.

#include "src/status/command_json.hpp"
#include "test/unit/status/ask.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <utility>
#include <vector>

using namespace vipd;
using namespace vipd::test;
using nlohmann::json;

namespace {

void tell(const std::string& path, const std::string& method, unsigned status,
          const std::string& body) {
    const json line{
        {"path", path}, {"method", method}, {"status", status}, {"body", json::parse(body)}};
    std::puts(line.dump().c_str());
}

void tell(const std::string& path, const std::string& method, const HttpResponse& response) {
    tell(path, method, response.status, *response.body);
}

}  // namespace

TEST_CASE("answers for openapi_test.py", "[.][answers]") {
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
    for (const auto& [path, target] : asked)
        tell(path, "get", ask("GET", target));
    for (const auto* path : {"/v1/status", "/v1/services", "/v1/vips", "/readyz", "/pools"})
        tell(path, "get", ask("GET", path, false));

    tell("/v1/doctor", "get", 200, example_doctor());
    tell("/v1/doctor", "get", inquiry_response({Outcome::timeout, "no answer", ""}));
    const std::string probes = "/v1/services/{name}/servers/{server}/probes";
    tell(probes, "get", 200, example_probes());
    tell(probes, "get", ask("GET", "/v1/services/none/servers/cp1/probes"));
    tell(probes, "get", ask("GET", "/v1/services/text-https/servers/cp9/probes"));

    tell("/v1/drain", "post", ask("POST", "/v1/drain"));
    for (const auto outcome :
         {Outcome::done, Outcome::refused, Outcome::failed, Outcome::usage, Outcome::timeout}) {
        tell("/v1/drain", "post", command_response({outcome, "words", R"({"more": 1})"}));
    }
}
