// Many VIPs fail at once.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

std::string vip_address(unsigned i) {
    return "203.0.113." + std::to_string(i);
}

/// VIPs "v1" … with one service and two servers each; service "w1" has s1 and s2, and so on.
Config many_vips(unsigned count, BrakeConfig::Action action) {
    auto config = small_config(1);
    const auto vip = config.vips.at("web");
    const auto service = config.services.at("web-80");
    config.vips.clear();
    config.services.clear();
    for (unsigned i = 1; i <= count; ++i) {
        auto& own = config.vips["v" + std::to_string(i)] = vip;
        own.addresses = {ip(vip_address(i))};
        auto& serves = config.services["w" + std::to_string(i)] = service;
        serves.vip = "v" + std::to_string(i);
        serves.servers.clear();
        for (unsigned s = 1; s <= 2; ++s) {
            ServerConfig server;
            server.addresses = {ip("10.0." + std::to_string(i) + "." + std::to_string(s))};
            serves.servers["s" + std::to_string(s)] = server;
        }
    }
    config.brake.action = action;
    return config;
}

void judge_service(Site& site, unsigned i, monitors::Health health) {
    for (const auto* server : {"s1", "s2"})
        site.verdict(server, health, "w" + std::to_string(i));
}

Site site_of_vips(unsigned vips, Config config) {
    Site site(std::move(config));
    site.read_kernel();
    for (unsigned i = 1; i <= vips; ++i)
        judge_service(site, i, monitors::Health::up);
    return site;
}

Site site_of_vips(unsigned vips, BrakeConfig::Action action = BrakeConfig::Action::announce) {
    return site_of_vips(vips, many_vips(vips, action));
}

void fail(Site& site, unsigned first, unsigned last) {
    for (unsigned i = first; i <= last; ++i)
        judge_service(site, i, monitors::Health::down);
}

void recover(Site& site, unsigned first, unsigned last) {
    for (unsigned i = first; i <= last; ++i)
        judge_service(site, i, monitors::Health::up);
}

bool worse(const Site& site, unsigned i) {
    const auto found = site.router.find(bgp::Prefix::host(ip(vip_address(i))));
    return found != site.router.end() && found->second.local_pref == 0U;
}

std::size_t count_announced(const Site& site, unsigned vips) {
    std::size_t count = 0;
    for (unsigned i = 1; i <= vips; ++i)
        count += site.announced(vip_address(i)) ? 1U : 0U;
    return count;
}

bool has_alert(Site& site, const std::string& code) {
    const auto codes = site.alerts();
    return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

TEST_CASE("when almost all VIPs fail at once they are announced again, with worse attributes") {
    auto site = site_of_vips(10);
    fail(site, 1, 8);
    CHECK(count_announced(site, 10) == 2);
    fail(site, 9, 9);
    CHECK(count_announced(site, 10) == 10);
    for (unsigned i = 1; i <= 9; ++i)
        CHECK(worse(site, i));
    CHECK_FALSE(worse(site, 10));
    CHECK(has_alert(site, "brake"));
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& view = snapshot->vips.at("v1")->addresses.front();
    CHECK(view.wanted == Announcement::announced);
    CHECK(view.reason.code == "brake");
    CHECK(view.reason.text ==
          "announced with worse attributes: 9 of 10 VIPs failed within 10s (0 of 1 services fit, 1 "
          "needed (w1 ipv4: 0 up, 1 needed to become fit))");

    fail(site, 10, 10);  // the brake is on: it is caught at once
    CHECK(worse(site, 10));
}

TEST_CASE("failures that come one after another are no reason to brake") {
    auto site = site_of_vips(10);
    for (unsigned i = 1; i <= 10; ++i) {
        fail(site, i, i);
        site.wait(5s);
    }
    CHECK(count_announced(site, 10) == 0);
}

TEST_CASE("the brake is off unless it is asked for, and can only tell") {
    auto off = site_of_vips(4, BrakeConfig::Action::off);
    fail(off, 1, 4);
    CHECK(count_announced(off, 4) == 0);
    CHECK_FALSE(has_alert(off, "brake"));
    auto alert = site_of_vips(4, BrakeConfig::Action::alert);
    fail(alert, 1, 4);
    CHECK(count_announced(alert, 4) == 0);
    CHECK(has_alert(alert, "brake"));
}

TEST_CASE("what recovers is announced as it was after hold_down, without a gap") {
    auto site = site_of_vips(4);
    fail(site, 1, 4);
    site.wait(1min);
    recover(site, 1, 4);
    CHECK(count_announced(site, 4) == 4);
    CHECK(worse(site, 1));
    const auto written = site.journal.size();
    site.wait(10s);
    CHECK_FALSE(worse(site, 1));
    CHECK_FALSE(has_alert(site, "brake"));
    CHECK(count_announced(site, 4) == 4);
    for (std::size_t i = written; i < site.journal.size(); ++i)
        CHECK_FALSE(site.journal[i].ends_with("withdrawn"));
}

TEST_CASE("when most have recovered, what still fails is withdrawn") {
    auto site = site_of_vips(10);
    fail(site, 1, 10);
    recover(site, 1, 4);
    CHECK(site.announced(vip_address(10)));
    recover(site, 5, 9);
    site.wait(9s);
    CHECK(worse(site, 10));
    site.wait(1s);
    CHECK_FALSE(site.announced(vip_address(10)));
    CHECK(site.announced(vip_address(1)));
}

TEST_CASE("a VIP that carries no traffic is not announced, brake or not") {
    auto config = many_vips(4, BrakeConfig::Action::announce);
    config.services.at("w1").depool_threshold = Fraction();  // nothing is held
    auto site = site_of_vips(4, config);
    fail(site, 1, 4);
    CHECK_FALSE(site.announced(vip_address(1)));
    CHECK(site.announced(vip_address(2)));

    site.table.erase(ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip(vip_address(2)), 80}});
    site.sweep();
    CHECK_FALSE(site.announced(vip_address(2)));
    CHECK(site.announced(vip_address(3)));
}

TEST_CASE("what leaves on purpose is no failure, and is not held by the brake") {
    auto site = site_of_vips(4);
    Maintenance maintenance;
    maintenance.on = true;
    site.controller.execute({}, maintenance, site.now);
    site.wait(10s);
    CHECK(count_announced(site, 4) == 0);
    fail(site, 1, 4);
    CHECK(count_announced(site, 4) == 0);
    CHECK_FALSE(has_alert(site, "brake"));
}

TEST_CASE("switching the brake off withdraws what it held") {
    auto site = site_of_vips(4);
    fail(site, 1, 4);
    CHECK(count_announced(site, 4) == 4);
    site.reload(many_vips(4, BrakeConfig::Action::off));
    CHECK(count_announced(site, 4) == 0);
}

TEST_CASE("a planned stop while the brake is on withdraws everything") {
    auto site = site_of_vips(4);
    fail(site, 1, 4);
    site.stop();
    site.wait(30s);
    CHECK(count_announced(site, 4) == 0);
    CHECK(site.finished);
}
