// The incidents that the ancestor's requirements come from, as sequences of events: what happened
// there must not happen here.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

std::size_t held_servers(Site& site) {
    const auto snapshot = site.controller.snapshot(site.now);
    return snapshot->services.at("web-80")->pools.front().held;
}

bool is_alerted(Site& site, const std::string& code) {
    return std::ranges::count(site.alerts(), code) > 0;
}

SetAdmin to(Admin state, const std::string& server, bool force = false) {
    return {"web-80", server, state, force, {}};
}

std::string name_of(int number) {
    return "s" + std::to_string(number);
}

}  // namespace

// June 2015: the health check's URL began to redirect, half of each pool was taken out and the rest
// kept without a word; a day later one administrative depool made the list be read again, and all
// the rest went: 19 minutes without service.
TEST_CASE("a pool whose checks all fail keeps its floor through depools and reloads, and says so") {
    auto config = small_config(10);
    config.services.at("web-80").min_up = 1;
    auto site = site_with_all_up(10);
    for (int i = 1; i <= 9; ++i) {
        site.wait(1s);
        site.down(name_of(i));
    }
    CHECK(site.kernel().size() == 5);
    CHECK(held_servers(site) == 4);
    CHECK(is_alerted(site, "held"));
    site.wait(24h);
    CHECK(is_alerted(site, "held"));

    CHECK(site.execute({}, to(Admin::disabled, "s9")).outcome == Outcome::done);  // it is down
    CHECK(site.kernel().size() == 5);
    site.reload(config);
    CHECK(site.kernel().size() == 5);
    config.services.at("web-80").servers.at("s8").state = Admin::disabled;
    site.reload(config);
    CHECK(site.kernel().size() == 5);
    CHECK(held_servers(site) == 4);
    CHECK(site.announced());
}

// November 2015: traffic went to a balancer whose table lacked services, because commands had raced
// each other.
TEST_CASE("a VIP is told only while all of it is in the kernel, whoever took it out") {
    auto config = small_config(2);
    auto& other = config.services["web-443"] = config.services.at("web-80");
    other.port = 443;
    config.vips.at("web").when = AnnounceWhen{};
    Site site(config);
    site.read_kernel();
    site.kernel_answers = false;
    for (const auto* service : {"web-80", "web-443"}) {
        site.verdict("s1", monitors::Health::up, service);
        site.verdict("s2", monitors::Health::up, service);
    }
    CHECK_FALSE(site.announced());
    site.settle();
    CHECK(site.announced());
    site.table.erase(std::prev(site.table.end()));
    site.sweep();
    CHECK_FALSE(site.announced());
    site.settle();
    site.wait(10s);
    CHECK(site.announced());
}

// June 2019: operators depooled every server of a pool, and nothing warned them.
TEST_CASE("an operator is warned before a pool is empty, and heard if he means it") {
    auto site = site_with_all_up(2);
    CHECK(site.execute({}, to(Admin::disabled, "s1")).outcome == Outcome::done);
    const auto refused = site.execute({}, to(Admin::disabled, "s2"));
    CHECK(refused.outcome == Outcome::refused);
    CHECK(site.announced());
    CHECK(site.execute({}, to(Admin::disabled, "s2", true)).outcome == Outcome::done);
    CHECK(is_alerted(site, "all-disabled"));
    CHECK_FALSE(site.announced());
    site.execute({}, SetAdmin{"web-80", "s2", {}, false, {}});
    CHECK_FALSE(is_alerted(site, "all-disabled"));
}

// February 2023: a script depooled server after server, and emptied two sites' pools: 18 minutes,
// 17 per cent of all traffic.
TEST_CASE("a script that drains all servers is stopped at the floor") {
    auto site = site_with_all_up(8);
    int refused = 0;
    for (int i = 1; i <= 8; ++i)
        refused += site.execute({}, to(Admin::draining, name_of(i))).outcome == Outcome::refused;
    CHECK(refused == 4);
    const auto weights = site.kernel();
    CHECK(std::ranges::count_if(weights, [](const auto& entry) { return entry.second > 0; }) == 4);
    CHECK(site.announced());
}

// Again and again: somebody changes the kernel's table by hand, a daemon is not told of a new
// configuration, the source of servers goes silent, every weight is 0.
TEST_CASE("what differs from what should be is put right or told") {
    auto config = small_config(2);
    config.groups["web"].servers_file = "web.json";
    Site site(config);
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    const auto settled = site.table;
    site.table.begin()->second.destinations.clear();
    site.sweep();
    CHECK_FALSE(site.announced());
    site.settle();
    CHECK(site.table == settled);
    site.wait(10s);
    CHECK(site.announced());

    site.controller.note_not_loaded({"/etc/vipd/vipd.json"});
    CHECK(is_alerted(site, "config-not-loaded"));
    site.controller.note_lists({{"web.json", "it is gone"}}, site.now);
    CHECK(is_alerted(site, "source-stale"));
    CHECK(site.kernel().size() == 2);

    for (auto& [name, server] : config.services.at("web-80").servers)
        server.weight = 0;
    site.reload(config);
    CHECK_FALSE(is_alerted(site, "config-not-loaded"));
    CHECK_FALSE(site.announced());
    CHECK(is_alerted(site, "all-disabled"));
}

// May 2023: a balancer was out of service while a deployment asked every balancer's API to depool
// and pool servers; many stayed depooled for 20 minutes.
TEST_CASE("a balancer in maintenance does as it is told, and shows what it is doing") {
    auto site = site_with_all_up(4);
    site.execute({}, Maintenance{true, "web", {}});
    site.wait(1min);
    CHECK_FALSE(site.announced());
    CHECK(is_alerted(site, "maintenance"));
    CHECK(site.execute({}, to(Admin::disabled, "s1")).outcome == Outcome::done);
    CHECK(site.kernel().size() == 3);
    site.down("s2");
    site.up("s2");
    CHECK(site.execute({}, SetAdmin{"web-80", "s1", {}, false, {}}).outcome == Outcome::done);
    CHECK(site.kernel().size() == 4);
    site.execute({}, Maintenance{false, "web", {}});
    CHECK(site.announced());
}
