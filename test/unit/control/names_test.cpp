// Host names of servers in the controller: what an answer changes, and what it does not.

#include "src/config/kernel_service.hpp"
#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;
using Journal = std::vector<std::string>;
using Codes = std::vector<std::string>;
using Weights = std::map<std::string, int>;
using monitors::Health;

namespace {

/// small_config, but the servers have the names s1.example … instead of addresses.
Config named_config(unsigned servers) {
    auto config = small_config(servers);
    for (auto& [name, server] : config.services.at("web-80").servers) {
        server.addresses.clear();
        server.host_name = name + ".example";
    }
    return config;
}

NameAnswer answer(const std::string& name, std::vector<Address> addresses) {
    return {name, {{Family::ipv4, {FamilyAnswer::Kind::addresses, std::move(addresses), 60s, {}}}}};
}

NameAnswer nothing(const std::string& name, FamilyAnswer::Kind kind) {
    return {name, {{Family::ipv4, {kind, {}, 0s, "as the test says"}}}};
}

void say(Site& site, const NameAnswer& said) {
    site.answer(said);
    site.wait(100ms);
}

/// All names answered with 10.0.0.N, all servers up.
Site named_site(unsigned servers) {
    Site site(named_config(servers));
    for (unsigned i = 1; i <= servers; ++i)
        site.answer(
            answer("s" + std::to_string(i) + ".example", {ip("10.0.0." + std::to_string(i))}));
    site.wait(100ms);
    site.read_kernel();
    for (unsigned i = 1; i <= servers; ++i)
        site.up("s" + std::to_string(i));
    site.journal.clear();
    return site;
}

ipvs::Table table_with(const std::vector<std::string>& destinations) {
    auto config = small_config(0);
    auto& service = config.services.at("web-80");
    for (const auto& address : destinations) {
        ServerConfig server;
        server.addresses = {ip(address)};
        service.servers[address] = server;
    }
    return {{kernel_key(service, ip("203.0.113.10")), kernel_service(service, Family::ipv4)}};
}

std::vector<std::string> names_asked(Site& site) {
    std::vector<std::string> names;
    for (const auto& question : site.take_questions())
        names.push_back(question.name);
    return names;
}

std::optional<Event> last_event(const Site& site, const std::string& code) {
    const auto events = site.events();
    const auto found = std::find_if(events.rbegin(), events.rend(),
                                    [&](const Event& event) { return event.code == code; });
    return found == events.rend() ? std::nullopt : std::optional(*found);
}

}  // namespace

TEST_CASE("servers with host names serve at the addresses that were answered") {
    auto site = named_site(3);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 1}, {"10.0.0.3", 1}});
    CHECK(site.server("s2").host_name == "s2.example");
    CHECK(site.announced());
    CHECK(site.alerts().empty());
}

TEST_CASE("the same answer writes nothing") {
    auto site = named_site(3);
    const auto probes = site.probes();
    say(site, answer("s2.example", {ip("10.0.0.2")}));
    CHECK(site.journal.empty());
    CHECK(site.probes() == probes);
}

TEST_CASE("another address is drained in and out, and nothing else is written") {
    auto site = named_site(3);
    say(site, answer("s2.example", {ip("10.0.0.22")}));
    CHECK(site.journal ==
          Journal{"kernel: edit destination 10.0.0.2:80 weight 0 of tcp 203.0.113.10:80"});
    site.journal.clear();
    site.up("s2");
    CHECK(site.journal.size() == 1);
    CHECK(site.kernel() ==
          Weights{{"10.0.0.1", 1}, {"10.0.0.2", 0}, {"10.0.0.22", 1}, {"10.0.0.3", 1}});
    site.wait(5min);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.22", 1}, {"10.0.0.3", 1}});
    CHECK(site.announced());
    const auto changed = last_event(site, "name-changed");
    REQUIRE(changed);
    CHECK(changed->subject == "s2.example");
    CHECK(changed->text == "10.0.0.2 -> 10.0.0.22");
}

TEST_CASE("what a new address leads to has the answer as its cause") {
    auto config = named_config(1);
    config.services.at("web-80").monitors.clear();
    Site site(config);
    say(site, answer("s1.example", {ip("10.0.0.1")}));
    site.read_kernel();
    say(site, answer("s1.example", {ip("10.0.0.9")}));
    const auto changed = last_event(site, "name-changed");
    const auto pooled = last_event(site, "server-pooled");
    REQUIRE((changed && pooled));
    CHECK(pooled->cause == changed->id);
}

TEST_CASE("without an answer the last one stays in use, with an alert, and is asked for again") {
    auto site = named_site(2);
    site.take_questions();
    for (const auto kind : {FamilyAnswer::Kind::failed, FamilyAnswer::Kind::none}) {
        say(site, nothing("s1.example", kind));
        CHECK(site.journal.empty());
        CHECK(site.alerts() == Codes{"name-stale"});
        site.wait(2s);
        CHECK(names_asked(site) == Codes{"s1.example"});
    }
    CHECK(last_event(site, "name-stale")->text == "as the test says; 10.0.0.1 stays in use");
    say(site, answer("s1.example", {ip("10.0.0.1")}));
    CHECK(site.alerts().empty());
    CHECK(last_event(site, "name-good")->subject == "s1.example");
}

TEST_CASE("wrong answers for all names at once do not empty a pool") {
    auto site = named_site(6);
    for (unsigned i = 1; i <= 6; ++i) {
        const auto n = std::to_string(i);
        site.answer(answer("s" + n + ".example", {ip("192.0.2." + n)}));
    }
    site.wait(100ms);
    for (int round = 0; round < 20; ++round) {
        for (const auto& question : site.take_questions()) {
            const auto n = question.name.substr(1, 1);
            site.answer(answer(question.name, {ip("192.0.2." + n)}));
        }
        for (unsigned i = 1; i <= 6; ++i) {
            const auto name = "s" + std::to_string(i);
            if (site.server(name).address.to_string().starts_with("192.0.2.")) site.down(name);
        }
        site.wait(30s);
    }
    const auto kernel = site.kernel();
    const auto kept = std::ranges::count_if(kernel, [](const auto& entry) {
        return entry.first.starts_with("10.0.0.") && entry.second;
    });
    CHECK(kept == 3);  // the floor
    CHECK(site.announced());
    CHECK(std::ranges::count(site.alerts(), "name-stale") == 3);
}

TEST_CASE("a wrong answer that names have in common is not taken") {
    auto site = named_site(4);
    for (unsigned i = 1; i <= 4; ++i)
        site.answer(answer("s" + std::to_string(i) + ".example", {ip("192.0.2.1")}));
    for (unsigned i = 1; i <= 4; ++i)
        site.down("s" + std::to_string(i));
    site.journal.clear();
    site.wait(100ms);
    CHECK(site.journal.empty());
    CHECK(std::ranges::count(site.alerts(), "name-stale") == 4);
}

TEST_CASE("what was not taken is taken when an operator says so") {
    auto site = named_site(2);
    site.answer(answer("s1.example", {ip("192.0.2.1")}));
    site.answer(answer("s2.example", {ip("192.0.2.2")}));
    site.wait(100ms);
    CHECK(site.server("s2").address == ip("10.0.0.2"));
    CHECK(last_event(site, "name-stale")->text ==
          "the answer 192.0.2.2 is not taken: web-80 ipv4: 2 of 2 servers are up, 0 of them with "
          "the address that they had, and at least 1 must stay (depool_threshold 0.5); 10.0.0.2 "
          "stays in use");
    site.controller.take_refused_answers(site.now);
    CHECK(site.server("s2").address == ip("192.0.2.2"));
}

TEST_CASE("a pool of which no server may leave follows its names one by one while all are up") {
    auto config = named_config(2);
    config.services.at("web-80").depool_threshold = *Fraction::parse("1");
    Site site(config);
    site.answer(answer("s1.example", {ip("10.0.0.1")}));
    say(site, answer("s2.example", {ip("10.0.0.2")}));
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    site.answer(answer("s1.example", {ip("10.0.0.11")}));
    say(site, answer("s2.example", {ip("10.0.0.12")}));
    CHECK(site.server("s1").address == ip("10.0.0.11"));
    CHECK(site.server("s2").address == ip("10.0.0.2"));
    site.up("s1");
    say(site, answer("s2.example", {ip("10.0.0.12")}));
    CHECK(site.server("s2").address == ip("10.0.0.12"));
}

TEST_CASE("a server that is down may get another address at any time") {
    auto site = named_site(2);
    site.down("s1");
    site.down("s2");
    site.answer(answer("s1.example", {ip("192.0.2.1")}));
    say(site, answer("s2.example", {ip("192.0.2.2")}));
    CHECK(site.server("s1").address == ip("192.0.2.1"));
    CHECK(site.server("s2").address == ip("192.0.2.2"));
}

TEST_CASE("a name that was never resolved is in no pool, and is shown with the reason") {
    auto config = small_config(2);
    config.services.at("web-80").servers["s9"].host_name = "s9.example";
    Site site(config);
    say(site, nothing("s9.example", FamilyAnswer::Kind::none));
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    CHECK(site.kernel().size() == 2);
    CHECK(site.alerts() == Codes{"name-unresolved"});
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& service = *snapshot->services.at("web-80");
    CHECK(service.pools.front().configured == 2);
    REQUIRE(service.unresolved.size() == 1);
    CHECK(service.unresolved.front().name == "s9");
    CHECK(service.unresolved.front().reason.text == "s9.example: as the test says");
    say(site, answer("s9.example", {ip("10.0.0.9")}));
    site.up("s9");
    CHECK(site.kernel().contains("10.0.0.9"));
    CHECK(site.alerts().empty());
    CHECK(site.controller.snapshot(site.now)->services.at("web-80")->unresolved.empty());
}

TEST_CASE("a server can be drained before it is known where it is") {
    auto config = small_config(2);
    config.services.at("web-80").servers["s9"].host_name = "s9.example";
    Site site(config);
    site.read_kernel();
    SetAdmin drain;
    drain.server = "s9";
    drain.state = Admin::draining;
    const auto result = site.execute({}, drain);
    CHECK(result.message == "s9 is draining in 1 service");
    const auto snapshot = site.controller.snapshot(site.now);
    CHECK(snapshot->services.at("web-80")->unresolved.front().reason.text ==
          "s9.example: no answer yet; then draining: uid 0");
    say(site, answer("s9.example", {ip("10.0.0.9")}));
    site.up("s9");
    CHECK(site.server("s9").admin == Admin::draining);
    CHECK_FALSE(site.kernel().contains("10.0.0.9"));
}

TEST_CASE("a restart with a dead resolver writes nothing and keeps every address") {
    auto site = named_site(3);
    site.keep_state();
    const auto& [at, state] = site.saves.back();
    REQUIRE(state.names.size() == 3);

    Site next(named_config(3), site.table);
    next.now = site.now;
    next.restore(state);
    next.read_kernel();
    for (unsigned i = 1; i <= 3; ++i)
        say(next, nothing("s" + std::to_string(i) + ".example", FamilyAnswer::Kind::failed));
    next.wait(10s);
    CHECK(next.table == site.table);
    CHECK(std::ranges::count_if(next.journal, [](const std::string& line) {
              return line.starts_with("kernel: ") && line.find("destination") != std::string::npos;
          }) == 0);
    CHECK(next.server("s2").address == ip("10.0.0.2"));
}

TEST_CASE("answers that come before the kernel's table was read are judged by what was saved") {
    auto site = named_site(2);
    site.keep_state();
    Site next(named_config(2), site.table);
    next.now = site.now;
    next.restore(site.saves.back().second);
    REQUIRE(next.server("s2").health == Health::up);
    next.answer(answer("s1.example", {ip("192.0.2.1")}));
    next.answer(answer("s2.example", {ip("192.0.2.2")}));
    next.wait(100ms);
    next.read_kernel();
    CHECK(next.server("s1").address == ip("192.0.2.1"));
    CHECK(next.server("s2").address == ip("10.0.0.2"));
}

TEST_CASE("a start leaves the destinations alone that may be those of names not resolved yet") {
    auto config = small_config(1);
    config.services.at("web-80").servers["s2"].host_name = "s2.example";
    Site site(config, table_with({"10.0.0.1", "10.0.0.2", "10.0.0.7"}));
    site.read_kernel();
    CHECK(site.kernel().size() == 3);
    site.wait(10s);
    site.up("s1");
    CHECK(site.kernel().size() == 3);
    say(site, answer("s2.example", {ip("10.0.0.2")}));
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 1}});
    site.down("s2");
    site.up("s1");
    CHECK(site.announced());
}

TEST_CASE("an address that is a VIP's or another server's is nobody's") {
    auto config = small_config(1);
    config.services.at("web-80").servers["s2"].host_name = "s2.example";
    config.services.at("web-80").servers["s3"].host_name = "s3.example";
    Site site(config);
    site.answer(answer("s2.example", {ip("203.0.113.10")}));
    say(site, answer("s3.example", {ip("10.0.0.1")}));
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& unresolved = snapshot->services.at("web-80")->unresolved;
    REQUIRE(unresolved.size() == 2);
    CHECK(unresolved[0].reason.text == "s2.example: 203.0.113.10, which no server can have");
    CHECK(unresolved[1].reason.text ==
          "s3.example: 10.0.0.1 is a VIP, or another server of the service has it with this port");
}

TEST_CASE("names that left the configuration are not asked for any more") {
    auto site = named_site(2);
    site.take_questions();
    site.reload(small_config(2));
    CHECK(site.journal.empty());  // the same addresses
    site.wait(2h);
    CHECK(names_asked(site).empty());
}

TEST_CASE("a name that is looked up for a list to come has it read again when it is resolved") {
    auto site = named_site(2);
    site.controller.look_up({{"new.example", {Family::ipv4}}}, site.now);
    CHECK(site.controller.take_outputs().questions ==
          std::vector<NameQuestion>{{"new.example", {Family::ipv4}}});
    site.controller.handle(answer("new.example", {ip("10.0.0.77")}), site.now);
    site.controller.tick(site.now + 100ms);
    CHECK(site.controller.take_outputs().reread_lists);
    CHECK(site.journal.empty());
}
