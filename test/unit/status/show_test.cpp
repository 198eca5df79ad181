#include "src/status/client/show.hpp"

#include "src/status/client/text_table.hpp"
#include "src/status/doctor.hpp"
#include "src/status/status_json.hpp"
#include "test/unit/status/example_snapshot.hpp"
#include "test/unit/status/golden.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;
using nlohmann::json;

namespace {

View terminal(std::size_t width) {
    View view;
    view.width = width;
    view.now = example_snapshot().made_wall;
    return view;
}

json services() {
    const auto snapshot = example_snapshot();
    ServicePage page;
    page.services.push_back(snapshot.services.at("text-https").get());
    return json::parse(services_json(snapshot, page, Detail::full));
}

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find('\n', start);
        widest = std::max(widest, display_width(std::string_view(text).substr(start, end - start)));
        start = end + 1;
    }
    return widest;
}

}  // namespace

TEST_CASE("the status shows alerts first, then every state with its reason") {
    const auto actual =
        show_status(json::parse(status_json(example_snapshot(), Detail::full)), terminal(120));
    CHECK(actual == golden("status.txt", actual));
}

TEST_CASE("of a large site the status shows what has problems, and no more than fits a glance") {
    auto snapshot = large_snapshot(100, 2);
    const auto shown = [&] {
        return show_status(json::parse(status_json(snapshot, Detail::full)), terminal(0));
    };
    CHECK(shown().find("\nservices with problems: 2 of 102\n") != std::string::npos);
    CHECK(shown().find("service-0042") == std::string::npos);
    snapshot.services.erase("text-https");
    CHECK(shown().find("\nservices: all 100 without problems\n") != std::string::npos);
    for (auto& [name, view] : snapshot.services) {
        auto service = *view;
        service.pools[0].fit = false;
        view = std::make_shared<const ServiceView>(std::move(service));
    }
    snapshot.alerts.assign(53, {"pool-empty", "service", "none is up", snapshot.made});
    CHECK(shown().find("\nservices with problems: 100 of 100, these first\n") != std::string::npos);
    CHECK(shown().find("service-0049") != std::string::npos);
    CHECK(shown().find("service-0050") == std::string::npos);
    CHECK(shown().find("\nand 3 more: vipctl alerts\n") != std::string::npos);
}

TEST_CASE("the doctor's findings name the remedy, and none are said to be none") {
    const auto report = json::parse(doctor_json(
        "lb1", {{"web", {ipvs::Severity::error, "gue-needs-port", "no port", "add it", {}}}}));
    CHECK(show_doctor(report, terminal(80)) ==
          "error gue-needs-port (web): no port\n  remedy: add it\n");
    CHECK(show_doctor(json::parse(doctor_json("lb1", {})), terminal(80)) ==
          "nothing stands in the way of the services\n");
}

TEST_CASE("servers are shown with health, administrative state and placement apart") {
    const auto actual = show_servers(services(), terminal(140));
    CHECK(actual == golden("servers.txt", actual));
}

TEST_CASE("a table fits the terminal by wrapping its last column") {
    CHECK(widest_line(show_vips(json::parse(vips_json(example_snapshot())), terminal(110))) <= 110);
    CHECK(widest_line(show_alerts(json::parse(alerts_json(example_snapshot())), terminal(64))) <=
          64);
}

TEST_CASE("columns for which a narrow terminal has no room go on below") {
    const auto table = show_servers(services(), terminal(80));
    CHECK(widest_line(table) <= 80);
    CHECK(widest_line(show_status(json::parse(status_json(example_snapshot(), Detail::full)),
                                  terminal(80))) <= 80);
    CHECK(table.find("\n    ") != std::string::npos);
    TextTable small({"A", "B", "TEXT"});
    small.add({"aaaaaaaaaa", "bbbbbbbbbb", "some words that tell why"});
    CHECK(small.to_string(24) ==
          "A           B\n"
          "    TEXT\n"
          "aaaaaaaaaa  bbbbbbbbbb\n"
          "    some words that tell\n"
          "    why\n");
}

TEST_CASE("a reason that another one tells again is told once") {
    auto answer = services();
    auto& server = answer["services"][0]["pools"][0]["servers"][1];
    server["health_reason"]["text"] = "http: 503";
    server["placement_reason"]["text"] = "down (http: 503); kept because 1 of 4 up";
    CHECK(show_servers(answer, terminal(0)).find("  down (http: 503); kept because 1 of 4 up\n") !=
          std::string::npos);
}

TEST_CASE("without a terminal nothing is wrapped and nothing coloured") {
    const auto text = show_servers(services(), terminal(0));
    CHECK(std::ranges::count(text, '\n') == 7);
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("colour takes no room in the table") {
    auto view = terminal(140);
    const auto plain = show_servers(services(), view);
    view.colour = true;
    const auto coloured = show_servers(services(), view);
    CHECK(coloured.find("\x1b[31mdown\x1b[0m") != std::string::npos);
    CHECK(widest_line(coloured) == widest_line(plain));
}

TEST_CASE("an answer of another version is shown as far as it is understood") {
    CHECK(show_servers(json::parse(R"({"services":[{"name":"a","pools":[{"servers":[{}]}]}]})"),
                       terminal(80))
              .find("a  ") != std::string::npos);
    CHECK(show_peers(json::parse("[]"), terminal(80)) == "no peers\n");
    CHECK(show_status(json::parse("{}"), terminal(80)).find("not ready") != std::string::npos);
}

TEST_CASE("an age is told in the unit that fits") {
    const auto view = terminal(80);
    CHECK(age_text("2026-11-21T04:59:01.500Z", view) == "59 s");
    CHECK(age_text("2026-11-21T04:50:00.000Z", view) == "10 min");
    CHECK(age_text("2026-11-20T23:00:00.000Z", view) == "6 h");
    CHECK(age_text("2026-11-01T05:00:00.000Z", view) == "20 d");
    CHECK(age_text("2026-11-21T05:00:07.000Z", view) == "0 s");
    CHECK(age_text(nullptr, view) == "-");
    CHECK(age_text("yesterday", view) == "-");
}

TEST_CASE("host names are shown with state, age and what is wrong") {
    const auto text = show_names(json::parse(names_json(example_snapshot())), terminal(0));
    CHECK(text ==
          "NAME             ADDRESS                 STATE       ANSWERED  ASKED AGAIN IN  PROBLEM\n"
          "cp2.example.org  10.0.0.12               good        40 s      20 s            -\n"
          "cp3.example.org  10.0.0.13 2001:db8::13  stale       10 min    -               "
          "ipv4: Timeout while contacting DNS servers\n"
          "cp9.example.org  -                       unresolved  -         1 s             "
          "no such name (NXDOMAIN)\n");
}
