#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using Weights = std::map<std::string, int>;
using Journal = std::vector<std::string>;

namespace {

Site running_site(unsigned servers) {
    auto site = site_with_all_up(servers);
    site.journal.clear();
    return site;
}

CommandResult set(Site& site, const std::string& server, std::optional<Admin> state,
                  bool force = false) {
    SetAdmin action;
    action.server = server;
    action.state = state;
    action.force = force;
    auto result = site.controller.execute(Command{}, action, site.now);
    site.wait(0s);
    return result;
}

CommandResult maintain(Site& site, bool on, std::optional<Duration> ttl = {}) {
    Maintenance action;
    action.on = on;
    action.ttl = ttl;
    auto result = site.controller.execute(Command{}, action, site.now);
    site.wait(0s);
    return result;
}

}  // namespace

TEST_CASE("the probes of a server are listed by family and monitor, with what they look at") {
    Site site(small_config(2));
    const auto report = site.controller.probes_of({"web-80", "s2"});
    CHECK(report.service == "web-80");
    CHECK(report.server == "s2");
    REQUIRE(report.probes.size() == 1);
    const auto& probe = report.probes.front();
    const auto plan = site.probes().at(probe.id);
    CHECK(probe.vip_address == ip("203.0.113.10"));
    CHECK(probe.target == Endpoint{ip("10.0.0.2"), 80});
    CHECK(probe.monitor == monitors::type_name(plan.check));
    CHECK(probe.timeout == plan.timeout);
    CHECK(site.controller.probes_of({"web-80", "s3"}).probes.empty());
    CHECK(site.controller.probes_of({"other", "s2"}).probes.empty());
}

TEST_CASE("draining sets weight 0, and the server goes after drain_timeout") {
    auto site = running_site(3);
    CHECK(set(site, "s2", Admin::draining).outcome == Outcome::done);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 0}, {"10.0.0.3", 1}});
    site.wait(std::chrono::minutes(5));
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.3", 1}});
    CHECK(set(site, "s2", std::nullopt).outcome == Outcome::done);
    CHECK(site.kernel().at("10.0.0.2") == 1);
}

TEST_CASE("a draining server goes as soon as it has no connections") {
    auto site = running_site(3);
    CHECK(set(site, "s2", Admin::draining).outcome == Outcome::done);
    site.wait(5s);
    site.count({{"10.0.0.2", {1, 0, {}}}});
    CHECK(site.kernel().at("10.0.0.2") == 0);
    site.wait(5s);
    site.count({{"10.0.0.2", {0, 1, {}}}});
    CHECK(site.kernel().at("10.0.0.2") == 0);
    site.wait(5s);
    site.count({});
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.3", 1}});
    CHECK(site.server("s2").placement_reason.code == "drained");
}

TEST_CASE("connections counted in an earlier drain say nothing about this one") {
    auto site = running_site(3);
    CHECK(set(site, "s2", Admin::draining).outcome == Outcome::done);
    site.count({{"10.0.0.2", {1, 0, {}}}});
    CHECK(set(site, "s2", std::nullopt).outcome == Outcome::done);
    site.wait(1s);
    site.count({});
    CHECK(set(site, "s2", Admin::draining).outcome == Outcome::done);
    site.wait(1s);
    CHECK(site.kernel().at("10.0.0.2") == 0);
}

TEST_CASE("an operator's drain that would break the floor is refused with the numbers") {
    auto site = running_site(2);
    CHECK(set(site, "s1", Admin::disabled).outcome == Outcome::done);
    const auto refused = set(site, "s2", Admin::disabled);
    CHECK(refused.outcome == Outcome::refused);
    CHECK(refused.message ==
          "web-80 ipv4: 1 of 2 servers are up and at least 1 must stay (depool_threshold 0.5); "
          "--force overrides");
    CHECK(site.kernel() == Weights{{"10.0.0.2", 1}});
    CHECK(set(site, "s2", Admin::disabled, true).outcome == Outcome::done);
    CHECK(site.kernel().empty());
}

TEST_CASE("a server that is down may always be disabled") {
    auto site = running_site(2);
    site.down("s1");
    site.wait(1s);
    site.down("s2");
    CHECK(set(site, "s2", Admin::disabled).outcome == Outcome::done);
}

TEST_CASE("a command for what is not there fails and says so") {
    auto site = running_site(1);
    CHECK(set(site, "s9", Admin::disabled).message == "no server \"s9\" in any service");
}

TEST_CASE("maintenance leaves in planned order and can be taken back") {
    auto site = running_site(1);
    maintain(site, true);
    CHECK(site.journal == Journal{"router: 203.0.113.10/32 leaving"});
    site.wait(5s);
    CHECK(site.journal.back() == "router: 203.0.113.10/32 withdrawn");
    CHECK(site.kernel().size() == 1);
    maintain(site, false);
    CHECK(site.announced());
}

TEST_CASE("maintenance ends by itself when its time to live is over") {
    auto site = running_site(1);
    maintain(site, true, std::chrono::minutes(1));
    site.wait(30s);
    CHECK_FALSE(site.announced());
    site.wait(30s);
    CHECK(site.announced());
}
