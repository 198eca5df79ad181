// docs/openapi.json and the API have the same paths; what each answers is compared with the
// document by openapi_test.py.

#include "src/status/command_json.hpp"
#include "test/unit/status/ask.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

using namespace vipd;
using namespace vipd::test;
using nlohmann::json;

namespace {

/// "/v1/services/{name}" as "/v1/services/{}".
std::string without_names(std::string path) {
    for (std::size_t open = 0; (open = path.find('{', open)) != std::string::npos; ++open)
        path.erase(open + 1, path.find('}', open) - open - 1);
    return path;
}

}  // namespace

TEST_CASE("the document lists the paths and methods that the API answers, and no others") {
    const auto document = json::parse(std::ifstream(OPENAPI_FILE));
    std::set<std::string> documented;
    for (const auto& [path, methods] : document["paths"].items()) {
        for (const auto& [method, operation] : methods.items()) {
            documented.insert(method + " " + without_names(path));
        }
    }
    std::set<std::string> answered;
    for (const auto& [method, path] : api_paths()) {
        answered.insert((method == "GET" ? "get " : "post ") + path);
    }
    CHECK(documented == answered);
}

TEST_CASE("a daemon that starts says so") {
    for (const auto* path : {"/v1/status", "/v1/services", "/v1/vips", "/readyz", "/pools"}) {
        CAPTURE(path);
        CHECK(ask("GET", path, false).status == 503);
    }
}

TEST_CASE("the doctor's report names service and destination where it has them") {
    const auto body = json::parse(example_doctor());
    CHECK(body["findings"][0]["service"].is_null());
    CHECK(body["findings"][1]["destination"] == "10.0.0.11:443");
    const auto response = inquiry_response({Outcome::done, "", "{}"});
    CHECK(response.status == 200);
    CHECK(*response.body == "{}");
    CHECK(ask("GET", "/v1/doctor").status == 503);  // nobody there who could look
}

TEST_CASE("what a probe found is told with its phases") {
    const auto told = json::parse(example_probes())["probes"][0]["results"][0];
    CHECK(told["at"] == "2026-11-21T04:59:57.500Z");
    CHECK(told["seconds"] == 2.5);
    CHECK(told["reused"] == false);
    CHECK(told["connected_microseconds"] == 300);
    CHECK(told["first_byte_microseconds"].is_null());
    CHECK(told["took_microseconds"] == 1500);
    CHECK(ask("GET", "/v1/services/none/servers/cp1/probes").status == 404);
    CHECK(ask("GET", "/v1/services/text-https/servers/cp9/probes").status == 404);
    CHECK(ask("GET", "/v1/services/text-https/servers/cp1/probes").status == 503);  // runs none
}

TEST_CASE("commands are answered on the socket only") {
    CHECK(ask("POST", "/v1/drain").status == 403);
}
