// Alerts come with their cause and go with it.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

bool alerts(Site& site, const std::string& code) {
    const auto codes = site.alerts();
    return std::ranges::find(codes, code) != codes.end();
}

Command by_ada() {
    Command command;
    command.who = "ada";
    command.why = "repair";
    return command;
}

}  // namespace

TEST_CASE("a site where all is well alerts of nothing") {
    auto site = site_with_all_up(2);
    CHECK(site.alerts().empty());
}

TEST_CASE("a pool that is empty, held and withdrawn says so") {
    auto site = site_with_all_up(2);
    site.down("s1");
    CHECK(site.alerts().empty());
    site.down("s2");
    CHECK(site.alerts() == std::vector<std::string>{"held", "pool-empty", "vip-withdrawn"});
    site.up("s1");
    site.wait(10s);
    CHECK(site.alerts().empty());
}

TEST_CASE("a configuration that breaks the floor is alerted on, and one that disables all") {
    auto site = site_with_all_up(4);
    auto config = small_config(4);
    auto& servers = config.services.at("web-80").servers;
    for (const auto* name : {"s1", "s2", "s3"})
        servers.at(name).state = Admin::disabled;
    site.reload(config);
    CHECK(site.alerts() == std::vector<std::string>{"floor-broken"});
    servers.at("s4").state = Admin::disabled;
    site.reload(config);
    CHECK(site.alerts() == std::vector<std::string>{"all-disabled", "vip-withdrawn"});
}

TEST_CASE("drift is told for five minutes") {
    auto site = site_with_all_up(1);
    ipvs::KernelReport report;
    report.drift.push_back(ipvs::RemoveService{site.table.begin()->first});
    report.in_sync = true;
    site.controller.handle(report, site.now);
    CHECK(site.alerts() == std::vector<std::string>{"drift"});
    site.wait(5min);
    CHECK(site.alerts().empty());
}

TEST_CASE("a change that the kernel refuses is alerted on until it is accepted") {
    auto site = site_with_all_up(1);
    ipvs::KernelReport report;
    report.refusals.push_back(
        {ipvs::RemoveService{site.table.begin()->first}, {16, "Device or resource busy"}, {}});
    site.controller.handle(report, site.now);
    CHECK(site.alerts() == std::vector<std::string>{"not-programmed"});
    report.refusals.clear();
    site.controller.handle(report, site.now);
    CHECK(site.alerts().empty());
}

TEST_CASE("what is left to somebody else is counted, and the first of it told") {
    auto site = site_with_all_up(1);
    ipvs::KernelReport report;
    report.unmade.assign(201, ipvs::RemoveService{site.table.begin()->first});
    site.controller.handle(report, site.now);
    const auto kernel = site.controller.snapshot(site.now)->kernel;
    CHECK(kernel->unmade_count == 201);
    CHECK(kernel->unmade.size() == 200);
    site.controller.handle(ipvs::KernelReport(), site.now);
    CHECK(site.controller.snapshot(site.now)->kernel->unmade.empty());
}

TEST_CASE("a step that the kernel does not acknowledge in time is alerted on until it does") {
    Site site(small_config(2));
    site.kernel_answers = false;
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    site.wait(9s);
    CHECK_FALSE(alerts(site, "not-programmed"));
    site.wait(1s);
    const auto snapshot = site.controller.snapshot(site.now);
    std::vector<std::string> subjects;
    for (const auto& alert : snapshot->alerts) {
        if (alert.code == "not-programmed") subjects.push_back(alert.subject);
    }
    CHECK(subjects == std::vector<std::string>{"web-80 ipv4", "web 203.0.113.10"});
    site.settle();
    CHECK(site.alerts().empty());
    site.kernel_answers = false;
    site.down("s2");
    site.wait(10s);
    CHECK(site.alerts() == std::vector<std::string>{"not-programmed"});
    site.settle();
    CHECK(site.alerts().empty());
}

TEST_CASE("a router that has a session and not the route is alerted on") {
    auto config = small_config(1);
    config.bgp->peers["cr1"] = PeerConfig{};
    Site site(config);
    site.read_kernel();
    site.lose_router();
    bgp::PeerStatus status;
    status.name = "cr1";
    status.state = bgp::SessionState::established;
    status.families[Family::ipv4].negotiated = true;
    site.controller.handle(bgp::SpeakerEvent{bgp::PeerChanged{status}}, site.now);
    site.up("s1");
    site.wait(9s);
    CHECK(site.alerts().empty());
    site.wait(1s);
    CHECK(site.alerts() == std::vector<std::string>{"not-announced"});
    site.connect_router();
    CHECK(site.alerts().empty());
}

TEST_CASE("a kernel whose table is not read in time is alerted on") {
    Site site(small_config(1));
    site.wait(9s);
    CHECK(site.alerts().empty());
    site.wait(1s);
    CHECK(site.alerts() == std::vector<std::string>{"kernel-unreadable"});
    site.read_kernel();
    site.up("s1");
    CHECK(site.alerts().empty());
}

TEST_CASE("many failures at one instant are alerted on, and change nothing else") {
    auto site = site_with_all_up(9);
    for (const auto* name : {"s1", "s2", "s3", "s4"})
        site.down(name);
    CHECK_FALSE(alerts(site, "correlated-failures"));
    site.down("s5");
    CHECK(alerts(site, "correlated-failures"));
    CHECK(site.server("s5").health == monitors::Health::down);
    site.wait(10s);
    CHECK_FALSE(alerts(site, "correlated-failures"));
}

TEST_CASE("failures that come one by one are not correlated") {
    auto site = site_with_all_up(8);
    for (const auto* name : {"s1", "s2", "s3", "s4", "s5", "s6"}) {
        site.wait(4s);
        site.down(name);
    }
    CHECK_FALSE(alerts(site, "correlated-failures"));
}

TEST_CASE("an override that is about to end is alerted on") {
    auto site = site_with_all_up(2);
    SetAdmin drain;
    drain.server = "s1";
    drain.state = Admin::draining;
    drain.ttl = 10min;
    CHECK(site.controller.execute(by_ada(), drain, site.now).outcome == Outcome::done);
    CHECK(site.alerts().empty());
    site.wait(5min + 1s);
    CHECK(site.alerts() == std::vector<std::string>{"override-expiring"});
    site.wait(5min);
    CHECK(site.alerts().empty());
}

TEST_CASE("maintenance is shown loudly, and that it is about to end") {
    auto site = site_with_all_up(1);
    Maintenance maintenance;
    maintenance.vip = "web";
    maintenance.on = true;
    maintenance.ttl = 10min;
    site.controller.execute(by_ada(), maintenance, site.now);
    CHECK(alerts(site, "maintenance"));
    CHECK_FALSE(alerts(site, "override-expiring"));
    site.wait(6min);
    CHECK(alerts(site, "override-expiring"));
    site.wait(5min);
    CHECK(site.alerts().empty());
}

TEST_CASE("doubt and checks that cannot run are alerted on") {
    auto site = site_with_all_up(1);
    site.evidence("timers-late");
    CHECK(site.alerts() == std::vector<std::string>{"suspect"});
    site.wait(3s);
    CHECK(site.alerts().empty());
    site.evidence("not-permitted");
    CHECK(site.alerts() == std::vector<std::string>{"checks-impaired"});
    site.wait(30s);
    CHECK(site.alerts().empty());
}

TEST_CASE("a rejected configuration is alerted on until a reload succeeds") {
    auto site = site_with_all_up(1);
    site.wait(1s);
    site.controller.config_rejected("vipd.json:1:1: found nothing, expected an object", site.now);
    CHECK(site.alerts() == std::vector<std::string>{"config-rejected"});
    const auto rejected = site.controller.snapshot(site.now)->config;
    CHECK(rejected.problem);
    CHECK(rejected.tried == site.now);
    CHECK(rejected.good_at < site.now);
    site.wait(1s);
    site.reload(small_config(1));
    CHECK(site.alerts().empty());
    const auto accepted = site.controller.snapshot(site.now)->config;
    CHECK_FALSE(accepted.problem);
    CHECK(accepted.good_at == rejected.tried + 1s);
    CHECK(accepted.accepted == 2);
    CHECK(accepted.rejected == 1);
}

TEST_CASE("a start after many crashes says for five minutes that routers do not keep our routes") {
    auto site = site_with_all_up(1);
    site.controller.crash_loop(3, site.now);
    CHECK(site.alerts() == std::vector<std::string>{"crash-loop"});
    site.wait(5min - 1s);
    CHECK(site.alerts() == std::vector<std::string>{"crash-loop"});
    site.wait(1s);
    CHECK(site.alerts().empty());
}

TEST_CASE("a clock that is set is told for five minutes, or until it is set back") {
    auto site = site_with_all_up(2);
    site.controller.clock_set(1h, site.now);
    CHECK(site.alerts() == std::vector<std::string>{"clock-set"});
    site.wait(4min);
    site.controller.clock_set(-1h + 1s, site.now);
    CHECK(site.alerts().empty());
    site.controller.clock_set(-10s, site.now);
    CHECK(site.alerts() == std::vector<std::string>{"clock-set"});
    site.wait(5min);
    CHECK(site.alerts().empty());
}
