// Evidence against ourselves: what waits for it to end, and what does not.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

Site watched_site(unsigned servers, Config config) {
    Site site(std::move(config));
    site.read_kernel();
    for (unsigned i = 1; i <= servers; ++i)
        site.up("s" + std::to_string(i));
    return site;
}

Site watched_site(unsigned servers) {
    return watched_site(servers, small_config(servers));
}

/// Evidence once a second, as the engine repeats it.
void doubt_for(Site& site, int seconds) {
    for (int i = 0; i < seconds; ++i) {
        site.evidence("timers-late");
        site.wait(1s);
    }
}

bool told(const Site& site, const std::string& code) {
    const auto events = site.events();
    return std::ranges::any_of(events, [&](const Event& event) { return event.code == code; });
}

}  // namespace

TEST_CASE("a verdict of down waits while there is evidence against ourselves") {
    auto site = watched_site(1);
    site.evidence("timers-late");
    site.down("s1");
    CHECK(site.announced());
    auto server = site.server("s1");
    CHECK(server.health == monitors::Health::up);
    CHECK(server.suspect);
    CHECK(server.suspect_since == site.now);
    CHECK(server.suspect_reason.code == "timers-late");
    CHECK(server.suspect_reason.text == "timers-late as the test says (tcp: the test says so)");
    CHECK(told(site, "verdict-frozen"));

    site.wait(1999ms);
    CHECK(site.announced());
    site.wait(1ms);
    CHECK_FALSE(site.announced());
    server = site.server("s1");
    CHECK(server.health == monitors::Health::down);
    CHECK_FALSE(server.suspect);
    CHECK(told(site, "suspect-ended"));
}

TEST_CASE("evidence that is repeated keeps verdicts waiting, but not longer than suspect_max") {
    auto site = watched_site(1);
    site.evidence("out-of-ports");
    site.down("s1");
    doubt_for(site, 29);
    CHECK(site.announced());
    doubt_for(site, 2);
    CHECK_FALSE(site.announced());
}

TEST_CASE("after suspect_max nothing waits until the evidence has ended once") {
    auto site = watched_site(2);
    doubt_for(site, 31);
    site.down("s1");
    CHECK(site.server("s1").health == monitors::Health::down);
    site.wait(3s);
    site.evidence("timers-late");
    site.down("s2");
    CHECK(site.server("s2").suspect);
}

TEST_CASE("good news does not wait, and takes the place of bad news that does") {
    auto site = watched_site(2);
    site.down("s1");
    site.evidence("timers-late");
    site.up("s1");
    CHECK(site.server("s1").health == monitors::Health::up);
    site.down("s2");
    site.up("s2");
    CHECK_FALSE(site.server("s2").suspect);
    site.wait(5s);
    CHECK(site.server("s2").health == monitors::Health::up);
}

TEST_CASE("with suspect_max 0 nothing waits") {
    auto config = small_config(1);
    config.suspect_max = Duration(0);
    auto site = watched_site(1, config);
    site.evidence("timers-late");
    site.down("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("checks that only come late do not make verdicts wait") {
    auto site = watched_site(1);
    site.evidence("probes-waiting");
    site.down("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("a verdict that waits survives a reload, and one of a removed server is forgotten") {
    auto site = watched_site(3);
    site.evidence("timers-late");
    site.down("s1");
    site.down("s2");
    auto smaller = small_config(3);
    smaller.services.at("web-80").servers.erase("s2");
    site.reload(smaller);
    CHECK(site.server("s1").suspect);
    site.wait(3s);
    CHECK(site.server("s1").health == monitors::Health::down);
    CHECK(site.server("s3").health == monitors::Health::up);
}

TEST_CASE("bad news that has waited says what took the server down") {
    auto site = watched_site(2);
    site.evidence("timers-late");
    site.down("s1");
    site.wait(5s);
    const auto events = site.events();
    const auto down = std::ranges::find(events, "server-down", &Event::code);
    REQUIRE(down != events.end());
    CHECK(down->text == "tcp: the test says so");
}
