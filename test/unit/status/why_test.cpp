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

json services() {
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

TEST_CASE("a server that the service does not have has no chain") {
    CHECK(explain(status(), service(), "cp9", paper()).empty());
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
    CHECK(objection_to_depool(content, "cp9") == "text-https has no server cp9");
    content["service"]["pools"][0]["up"] = 3;
    CHECK(objection_to_depool(content, "cp1").empty());
}

TEST_CASE("a command has come to pass when the kernel has acknowledged it everywhere") {
    CHECK(settled(services(), {"text-https", "cp1"}, true));
    CHECK_FALSE(settled(services(), {"text-https", "cp1"}, false));
    CHECK(settled(services(), {"", "cp3"}, false));
    CHECK(settled(services(), {"other", "cp1"}, false));
}
