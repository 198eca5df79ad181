#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;
using Weights = std::map<std::string, int>;
using Journal = std::vector<std::string>;

namespace {

Site running_site(const Config& config) {
    Site site(config);
    site.read_kernel();
    for (const auto& [name, service] : config.services) {
        for (const auto& [server, settings] : service.servers) {
            site.verdict(server, monitors::Health::up, name);
        }
    }
    site.journal.clear();
    return site;
}

Config with_second_vip(Config config) {
    auto vip = config.vips.at("web");
    vip.addresses = {ip("203.0.113.20")};
    config.vips["mail"] = vip;
    auto service = config.services.at("web-80");
    service.vip = "mail";
    service.port = 25;
    config.services["mail-25"] = service;
    return config;
}

}  // namespace

TEST_CASE("a server without monitors that comes by a reload carries traffic at once") {
    auto site = running_site(small_config(1));
    auto config = small_config(2);
    config.services.at("web-80").monitors.clear();
    site.reload(config);
    CHECK(site.kernel().contains("10.0.0.2"));
    CHECK(site.server("s2").health_reason.code == "unmonitored");
}

TEST_CASE("a reload of the same configuration does nothing at all") {
    const auto config = small_config(3);
    auto site = running_site(config);
    const auto probes = site.probes();
    site.reload(config);
    CHECK(site.journal.empty());
    CHECK(site.probes() == probes);
    CHECK(site.announced());
}

TEST_CASE("a reload of the same configuration keeps what is held") {
    const auto config = small_config(4);
    auto site = running_site(config);
    for (const auto* name : {"s1", "s2", "s3"}) {
        site.wait(1s);
        site.down(name);
    }
    site.journal.clear();
    site.reload(config);
    CHECK(site.journal.empty());
    CHECK(site.server("s3").placement == Placement::held);
}

TEST_CASE("one changed weight is one write") {
    auto config = small_config(3);
    auto site = running_site(config);
    config.services["web-80"].servers["s2"].weight = 7;
    site.reload(config);
    CHECK(site.journal ==
          Journal{"kernel: edit destination 10.0.0.2:80 weight 7 of tcp 203.0.113.10:80"});
}

TEST_CASE("a server that leaves the list is drained, then removed") {
    auto config = small_config(3);
    auto site = running_site(config);
    config.services["web-80"].servers.erase("s2");
    site.reload(config);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 0}, {"10.0.0.3", 1}});
    site.wait(4min);
    CHECK(site.kernel().size() == 3);
    site.wait(1min);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.3", 1}});
    CHECK(site.announced());
}

TEST_CASE("a server that left the list is removed as soon as it has no connections") {
    auto config = small_config(3);
    auto site = running_site(config);
    config.services["web-80"].servers.erase("s2");
    site.reload(config);
    site.wait(5s);
    site.count({{"10.0.0.2", {3, 0, {}}}});
    CHECK(site.kernel().at("10.0.0.2") == 0);
    site.wait(5s);
    site.count({});
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.3", 1}});
    site.wait(5min);
    CHECK(site.journal.size() == 2);
}

TEST_CASE("a removed service goes as soon as its servers have no connections") {
    const auto key = ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip("203.0.113.10"), 443}};
    auto with = small_config(2);
    with.services["web-443"] = with.services["web-80"];
    with.services["web-443"].port = 443;
    with.vips["web"].when = AnnounceWhen{};
    auto site = running_site(with);
    site.up("s1");
    auto without = small_config(2);
    site.reload(without);
    CHECK(site.kernel("203.0.113.10", 443) == Weights{{"10.0.0.1", 0}, {"10.0.0.2", 0}});
    site.wait(5s);
    site.count({{"10.0.0.1", {1, 0, {}}}});
    CHECK(site.table.contains(key));
    site.wait(5s);
    site.count({});
    CHECK_FALSE(site.table.contains(key));
    CHECK(site.kernel().size() == 2);
}

TEST_CASE("a server that leaves N at once no longer counts for the floor") {
    auto config = small_config(4);
    auto site = running_site(config);
    site.down("s1");
    site.down("s2");
    site.wait(1s);
    site.down("s3");
    CHECK(site.server("s3").placement == Placement::held);
    config.services["web-80"].servers.erase("s1");
    config.services["web-80"].servers.erase("s2");
    site.reload(config);
    CHECK(site.server("s3").placement == Placement::depooled);  // floor of 2 is 1, and s4 is up
}

TEST_CASE("where weight 0 would drop packets a leaving server is removed at once") {
    auto config = small_config(2);
    config.services["web-80"].options.scheduler_flags = 0;  // mh without fallback
    auto site = running_site(config);
    config.services["web-80"].servers.erase("s2");
    site.reload(config);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}});
}

TEST_CASE("a server that comes back while it is drained is pooled again") {
    const auto config = small_config(3);
    auto site = running_site(config);
    auto without = config;
    without.services["web-80"].servers.erase("s2");
    site.reload(without);
    site.reload(config);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 1}, {"10.0.0.3", 1}});
}

TEST_CASE("a removed VIP leaves in planned order") {
    auto site = running_site(with_second_vip(small_config(1)));
    site.reload(small_config(1));
    CHECK(site.journal == Journal{"router: 203.0.113.20/32 leaving"});
    site.wait(6s);
    CHECK(site.journal == Journal{"router: 203.0.113.20/32 leaving",
                                  "router: 203.0.113.20/32 withdrawn",
                                  "kernel: address 203.0.113.20 off",
                                  "kernel: remove service tcp 203.0.113.20:25"});
    CHECK(site.announced());
}

TEST_CASE("two reloads in quick succession end as the second alone would") {
    const auto both = with_second_vip(small_config(1));
    auto site = running_site(both);
    site.reload(small_config(1));
    site.wait(1s);
    site.reload(both);
    site.wait(1min);
    CHECK(site.announced("203.0.113.20"));
    CHECK(site.journal ==
          Journal{"router: 203.0.113.20/32 leaving", "router: 203.0.113.20/32 announced"});
}

// The kernel thread writes the latest word on each service: what it never had to remove it will not
// add either.
TEST_CASE("what is wanted again before its removal was written is known to be there") {
    const auto both = with_second_vip(small_config(2));
    auto site = running_site(both);
    site.kernel_answers = false;
    auto without = both;
    without.services["web-80"].servers.erase("s2");
    without.vips.erase("mail");
    without.services.erase("mail-25");
    site.reload(without);
    site.wait(20min);
    CHECK_FALSE(site.announced("203.0.113.20"));
    site.reload(both);
    for (const auto* service : {"web-80", "mail-25"}) {
        site.verdict("s1", monitors::Health::up, service);
        site.verdict("s2", monitors::Health::up, service);
    }
    site.journal.clear();
    site.settle();
    CHECK(site.journal == Journal{"router: 203.0.113.20/32 announced"});
    CHECK(site.server("s2").pooled);
    site.wait(1min);
    CHECK(site.alerts().empty());
}

TEST_CASE("a service removed from a VIP that stays is emptied, then removed") {
    auto config = small_config(1);
    auto service = config.services.at("web-80");
    service.port = 81;
    config.vips["web"].when = AnnounceWhen{AnnounceWhen::Rule::any, 1};
    config.services["web-81"] = service;
    auto site = running_site(config);
    config.services.erase("web-81");
    site.reload(config);
    CHECK(site.kernel("203.0.113.10", 81) == Weights{{"10.0.0.1", 0}});
    site.wait(5min);
    CHECK(site.kernel("203.0.113.10", 81).empty());
    CHECK(site.announced());
}

TEST_CASE("a new monitor does not take servers down that are up") {
    auto config = small_config(2);
    auto site = running_site(config);
    MonitorConfig http;
    http.check = monitors::HttpCheck{};
    config.services["web-80"].monitors.push_back(http);
    site.reload(config);
    CHECK(site.journal.empty());
    CHECK(site.probes().size() == 4);
    CHECK(site.server("s1").health == monitors::Health::up);
}

TEST_CASE("a changed interval keeps the probe and its verdict") {
    auto config = small_config(2);
    auto site = running_site(config);
    const auto before = site.probes();
    config.services["web-80"].monitors[0].interval = 1s;
    site.reload(config);
    const auto after = site.probes();
    REQUIRE(after.size() == before.size());
    for (const auto& [id, plan] : after) {
        CHECK(before.contains(id));
        CHECK(plan.interval == 1s);
    }
    CHECK(site.server("s1").health == monitors::Health::up);
}

TEST_CASE("a VIP that moves to another interface is added there and removed here") {
    auto config = small_config(1);
    auto site = running_site(config);
    config.vips["web"].interface = "dummy0";
    site.reload(config);
    CHECK(site.addresses == std::set<ipvs::VipAddress>{{"dummy0", ip("203.0.113.10")}});
    CHECK(site.announced());
}

TEST_CASE("random reloads end as the last configuration alone would") {
    std::vector<Config> configs{small_config(1), small_config(2), small_config(4),
                                with_second_vip(small_config(2)), with_second_vip(small_config(3))};
    unsigned seed = 7;
    for (int round = 0; round < 50; ++round) {
        auto site = running_site(configs[0]);
        Config last;
        for (int step = 0; step < 6; ++step) {
            seed = seed * 1103515245U + 12345U;
            last = configs[(seed >> 16U) % configs.size()];
            site.reload(last);
            site.wait(Duration((seed >> 8U) % 7000));
            for (const auto& [name, service] : last.services) {
                for (const auto& [server, settings] : service.servers) {
                    site.verdict(server, monitors::Health::up, name);
                }
            }
        }
        site.wait(20min);
        auto alone = running_site(last);
        alone.wait(20min);
        CHECK(site.table == alone.table);
        CHECK(site.addresses == alone.addresses);
        CHECK(site.router == alone.router);
    }
}

TEST_CASE("a list whose newest version is not used is an alert until it can be used again") {
    auto config = small_config(2);
    config.groups["g"].servers_file = "/c/g.json";
    Site site(config);
    site.read_kernel();
    const auto stale = [&] {
        const auto alerts = site.controller.snapshot(site.now)->alerts;
        return std::ranges::count(alerts, "source-stale", &Alert::code);
    };
    const auto events = [&](const std::string& code) {
        site.wait(0s);
        const auto all = site.events();
        return std::ranges::count(all, code, &Event::code);
    };
    site.controller.note_lists({}, site.now);
    CHECK(stale() == 0);
    site.controller.note_lists({{"/c/g.json", "gone"}}, site.now);
    site.controller.note_lists({{"/c/g.json", "gone"}}, site.now);
    CHECK(stale() == 1);
    CHECK(events("source-stale") == 1);
    site.controller.note_lists({{"/c/g.json", "empty"}}, site.now);
    CHECK(events("source-stale") == 2);
    site.controller.note_lists({}, site.now);
    CHECK(stale() == 0);
    CHECK(events("source-good") == 1);

    site.controller.note_lists({{"/c/g.json", "gone"}}, site.now);
    site.reload(small_config(2));
    site.controller.note_lists({}, site.now);
    CHECK(stale() == 0);
    CHECK(site.controller.snapshot(site.now)->lists.empty());
}

TEST_CASE("a list that has changed ends no alert about the rest of the configuration") {
    Site site(small_config(3));
    site.read_kernel();
    site.controller.config_rejected("vipd.json:1:1: no", site.now);
    site.controller.update_lists(small_config(4), site.now);
    site.wait(0s);
    const auto snapshot = site.controller.snapshot(site.now);
    CHECK(std::ranges::count(snapshot->alerts, "config-rejected", &Alert::code) == 1);
    CHECK(snapshot->services.at("web-80")->pools[0].configured == 4);
}
