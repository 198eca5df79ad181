// Evidence against ourselves: what waits for it to end, and what does not.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using monitors::Health;
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

/// Two gateways are asked as well, and all that looks at ourselves is up.
Site controlled_site(unsigned servers) {
    auto config = small_config(servers);
    config.monitors.control.loopback = true;
    config.monitors.control.addresses = {{ip("192.0.2.1"), 0}, {ip("192.0.2.2"), 179}};
    auto site = watched_site(servers, config);
    for (const auto* name : {"loopback ipv4", "192.0.2.1", "192.0.2.2:179"})
        site.control(name, Health::up);
    return site;
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

TEST_CASE("verdicts of down wait while this host does not reach itself") {
    auto site = controlled_site(2);
    site.control("loopback ipv4", Health::down);
    site.down("s1");
    site.wait(20s);
    CHECK(site.server("s1").suspect);
    CHECK(site.server("s1").suspect_reason.text ==
          "loopback ipv4: the test says so (tcp: the test says so)");
    CHECK(site.announced());
    CHECK(site.alerts() == std::vector<std::string>{"control-probe", "suspect"});
}

TEST_CASE("one dead gateway of two is not us, both are") {
    auto site = controlled_site(3);
    site.control("192.0.2.1", Health::down);
    site.down("s1");
    CHECK(site.server("s1").health == Health::down);
    site.control("192.0.2.2:179", Health::down);
    site.down("s2");
    CHECK(site.server("s2").suspect);
}

TEST_CASE("after control probes have failed servers have the time to be found up again") {
    auto site = controlled_site(2);
    site.control("loopback ipv4", Health::down);
    site.down("s1");
    site.down("s2");
    site.wait(5s);
    site.control("loopback ipv4", Health::up);
    site.wait(11s);  // of down_interval (5 s), a second success (5 s) and the timeout (2 s)
    CHECK(site.server("s1").suspect);
    site.up("s2");
    site.wait(4s);
    CHECK(site.server("s1").health == Health::down);
    CHECK(site.server("s2").health == Health::up);
    CHECK(site.alerts().empty());
}

TEST_CASE("control probes that fail for ever keep verdicts waiting no longer than suspect_max") {
    auto site = controlled_site(1);
    site.control("loopback ipv4", Health::down);
    site.wait(1s);
    site.down("s1");
    site.wait(28s);
    CHECK(site.announced());
    site.wait(2s);
    CHECK_FALSE(site.announced());
    site.up("s1");
    site.wait(60s);
    site.down("s1");
    CHECK(site.server("s1").health == Health::down);
}

TEST_CASE("a control probe that never was well is an alert, and no evidence") {
    auto config = small_config(1);
    config.monitors.control.loopback = true;
    config.monitors.control.addresses = {{ip("192.0.2.9"), 0}};
    auto site = watched_site(1, config);
    site.control("192.0.2.9", Health::down);
    site.control("loopback ipv4", Health::down);
    CHECK(site.alerts() == std::vector<std::string>{"control-probe", "control-probe"});
    site.down("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("control probes follow the configuration, and what stays keeps what is known of it") {
    auto site = controlled_site(1);
    const auto before = site.probes();
    auto config = small_config(1);
    config.monitors.control.loopback = true;
    config.monitors.control.addresses = {{ip("192.0.2.2"), 179}, {ip("192.0.2.3"), 0}};
    site.reload(config);
    CHECK(site.probes().size() == before.size());
    CHECK_THROWS(site.control("192.0.2.1", Health::down));
    site.control("192.0.2.2:179", Health::down);
    site.down("s1");
    CHECK(site.server("s1").suspect);

    config.monitors.control = {.loopback = false, .addresses = {}, .interval = 1s};
    site.reload(config);
    CHECK(site.probes().size() == 1);
    site.wait(3s);
    CHECK(site.server("s1").health == Health::down);
}

TEST_CASE("this host is asked over the families in which servers are probed") {
    auto config = small_config(1);
    config.monitors.control.loopback = true;
    Site ipv4(config);
    CHECK_THROWS(ipv4.control("loopback ipv6", Health::up));
    config.vips["web"].addresses.push_back(ip("2001:db8:f::10"));
    config.services["web-80"].servers["s1"].addresses.push_back(ip("2001:db8::1"));
    Site site(config);
    site.control("loopback ipv6", Health::up);
    site.control("loopback ipv4", Health::up);
}
