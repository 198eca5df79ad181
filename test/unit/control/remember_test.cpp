#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>

using namespace vipd;
using namespace vipd::test;
using Weights = std::map<std::string, int>;
using Journal = std::vector<std::string>;

namespace {

const WallTime wall{std::chrono::hours(500'000)};
const std::string boot = "boot-1";

/// A site that ran with all servers up and then died without a word.
struct Former {
    explicit Former(const Config& config, ipvs::Table found = {},
                    const std::string& never_judged = "")
        : site(config, std::move(found)) {
        site.read_kernel();
        for (const auto& [name, service] : config.services) {
            for (const auto& [server, settings] : service.servers) {
                if (server != never_judged) site.verdict(server, monitors::Health::up, name);
            }
        }
    }
    State state() {
        auto state = site.controller.state(site.now, wall);
        state.boot_id = boot;
        state.saved_at = wall;
        return state;
    }
    Site site;
};

Site successor_with(const State& state, Former& former, const Config& config,
                    std::chrono::seconds pause = 1s, const std::string& boot_id = boot) {
    Site site(config, former.site.table);
    site.addresses = former.site.addresses;
    site.controller.restore(state, boot_id, site.now, wall + pause);
    site.journal.clear();
    return site;
}

Site successor(Former& former, const Config& config, std::chrono::seconds pause = 1s,
               const std::string& boot_id = boot) {
    return successor_with(former.state(), former, config, pause, boot_id);
}

Command command(const std::string& why) {
    Command command;
    command.who = "ada";
    command.why = why;
    return command;
}

}  // namespace

TEST_CASE("a restart over a table that is right writes nothing and announces at once") {
    const auto config = small_config(3);
    Former former(config);
    auto site = successor(former, config);
    site.read_kernel();
    CHECK(site.journal == Journal{"router: 203.0.113.10/32 announced"});
}

TEST_CASE("restored health is checked by the thresholds, not by the first probe") {
    const auto config = small_config(2);
    Former former(config);
    auto site = successor(former, config);
    site.read_kernel();
    for (const auto& [id, plan] : site.probes())
        CHECK(plan.initial == monitors::Health::up);
}

TEST_CASE("health of another boot, or too old, is not believed") {
    const auto config = small_config(2);
    Former former(config);
    auto other_boot = successor(former, config, 1s, "boot-2");
    other_boot.read_kernel();
    CHECK(other_boot.server("s1").health == monitors::Health::unknown);
    auto too_old = successor(former, config, 31s);
    too_old.read_kernel();
    CHECK(too_old.server("s1").health == monitors::Health::unknown);
    CHECK(too_old.server("s1").placement_reason.code == "adopted");
}

TEST_CASE("the routes are complete once every server was probed afresh") {
    const auto config = small_config(2);
    Former former(config);
    auto site = successor(former, config);
    site.read_kernel();
    CHECK_FALSE(site.routes_complete);
    site.up("s1");
    CHECK_FALSE(site.routes_complete);
    site.up("s2");
    CHECK(site.routes_complete);
}

TEST_CASE("a reload is no probe: the routes are not complete for it") {
    const auto config = small_config(1);
    Former former(config);
    auto site = successor(former, config);
    site.read_kernel();
    site.reload(config);
    CHECK_FALSE(site.routes_complete);
    site.up("s1");
    CHECK(site.routes_complete);
}

TEST_CASE("the routes are complete when the start deadline has passed") {
    const auto config = small_config(2);
    Former former(config);
    auto site = successor(former, config);
    site.read_kernel();
    site.wait(start_deadline(config));
    CHECK(site.routes_complete);
}

TEST_CASE("a service removed from the configuration meanwhile is removed, others' are not") {
    const auto config = small_config(1);
    Former former(config);
    auto next = config;
    next.services["web-80"].port = 8080;
    const ipvs::ServiceKey foreign =
        ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip("198.51.100.1"), 25}};
    former.site.table[foreign] = {};
    auto site = successor(former, next);
    site.read_kernel();
    CHECK(std::ranges::count(site.journal, "kernel: remove service tcp 203.0.113.10:80") == 1);
    CHECK(site.table.contains(foreign));
}

TEST_CASE("a VIP removed meanwhile leaves the interface and is not announced") {
    auto config = small_config(1);
    auto vip = config.vips["web"];
    vip.addresses = {ip("203.0.113.20")};
    config.vips["mail"] = vip;
    config.services["mail-25"] = config.services["web-80"];
    config.services["mail-25"].vip = "mail";
    Former former(config);
    auto site = successor(former, small_config(1));
    site.read_kernel();
    CHECK(site.addresses == std::set<ipvs::VipAddress>{{"lo", ip("203.0.113.10")}});
    CHECK_FALSE(site.announced("203.0.113.20"));
}

TEST_CASE("a drained server stays drained across a restart, until its time to live is over") {
    const auto config = small_config(3);
    Former former(config);
    SetAdmin drain;
    drain.server = "s2";
    drain.state = Admin::draining;
    drain.ttl = std::chrono::minutes(10);
    CHECK(former.site.controller.execute(command("repair"), drain, former.site.now).outcome ==
          Outcome::done);
    former.site.wait(1s);
    auto site = successor(former, config);
    site.read_kernel();
    CHECK(site.kernel().at("10.0.0.2") == 0);
    CHECK(site.server("s2").admin_reason.text == "ada (uid 0): repair");
    site.wait(std::chrono::minutes(10));
    CHECK(site.server("s2").admin == Admin::enabled);
}

TEST_CASE("who went down last is known after a restart") {
    const auto config = small_config(4);
    Former former(config);
    for (const auto* name : {"s3", "s1", "s2"}) {
        former.site.wait(1s);
        former.site.down(name);
    }
    CHECK(former.site.server("s2").placement == Placement::held);
    auto site = successor(former, config);
    site.read_kernel();
    CHECK(site.journal == Journal{"router: 203.0.113.10/32 announced"});
    CHECK(site.server("s2").placement == Placement::held);
}

// State is saved a second after what it is about, or later where the disk is full; the table is
// written at once.
TEST_CASE("a server that came up after state was saved last stays in the table") {
    const auto config = small_config(3);
    Former former(config);
    former.site.down("s2");
    const auto saved = former.state();
    former.site.up("s2");
    auto site = successor_with(saved, former, config);
    site.read_kernel();
    CHECK(site.journal == Journal{"router: 203.0.113.10/32 announced"});
    CHECK(site.server("s1").health == monitors::Health::up);
    CHECK(site.server("s2").placement_reason.code == "adopted");
    CHECK(std::ranges::count(site.events(), "server-unknown", &Event::code) == 1);
    for (const auto& [id, plan] : site.probes()) {
        const bool forgotten = plan.target.address == ip("10.0.0.2");
        CHECK(plan.initial == (forgotten ? monitors::Health::unknown : monitors::Health::up));
    }
    site.up("s2");
    CHECK(site.journal.size() == 1);
    CHECK(site.server("s2").placement_reason.code == "up");
}

TEST_CASE("a server that went down after state was saved last is not put back unseen") {
    const auto on_down = GENERATE(IpvsConfig::OnDown::remove, IpvsConfig::OnDown::quiesce);
    auto config = small_config(3);
    config.ipvs.on_down = on_down;
    Former former(config);
    const auto saved = former.state();
    former.site.down("s2");
    const auto table = former.site.table;
    auto site = successor_with(saved, former, config);
    site.read_kernel();
    CHECK(site.table == table);
    CHECK(site.announced());
    CHECK(site.server("s2").health == monitors::Health::unknown);
    site.up("s2");
    CHECK(site.kernel().at("10.0.0.2") == 1);
}

TEST_CASE("one server came up and the other went down after state was saved last") {
    const auto config = small_config(2);
    Former former(config);
    former.site.down("s1");
    const auto saved = former.state();
    former.site.down("s2");
    former.site.up("s1");
    CHECK(former.site.kernel() == Weights{{"10.0.0.1", 1}});
    auto site = successor_with(saved, former, config);
    site.read_kernel();
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}});
    CHECK(site.server("s1").placement_reason.code == "adopted");
    site.up("s1");
    CHECK(site.announced());
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}});
}

TEST_CASE("a server that was never judged says nothing against what was saved of others") {
    const auto config = small_config(4);
    ipvs::Table found;
    auto& service = found[ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip("203.0.113.10"), 80}}];
    service.options = config.services.at("web-80").options;
    service.destinations[{ip("10.0.0.4"), 80}] = ipvs::Destination{};
    Former former(config, found, "s4");
    for (const auto* name : {"s1", "s2", "s3"}) {
        former.site.wait(1s);
        former.site.down(name);
    }
    auto site = successor(former, config);
    site.read_kernel();
    CHECK(site.kernel() == Weights{{"10.0.0.3", 1}, {"10.0.0.4", 1}});
    CHECK(site.server("s3").placement_reason.code == "held-by-threshold");
    CHECK(site.server("s4").placement_reason.code == "adopted");
}

TEST_CASE("a table that was flushed says nothing of its servers: what was saved is believed") {
    const auto config = small_config(2);
    Former former(config);
    former.site.table.clear();
    auto site = successor(former, config);
    site.read_kernel();
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 1}});
    CHECK(site.announced());
}

TEST_CASE("health that does not change is saved again before it is too old to be believed") {
    const auto config = small_config(2);
    Former former(config);
    former.site.keep_state();
    const auto begun = former.site.now;
    former.site.wait(std::chrono::hours(1));
    REQUIRE(former.site.saves.size() > 1);
    auto last = begun;
    for (const auto& [at, state] : former.site.saves) {
        CHECK(at - last <= 10s);
        last = at;
    }
    CHECK(former.site.now - last <= 10s);
    CHECK(former.site.saves.size() <= 361);

    auto crashed = former.site.saves.back().second;
    crashed.boot_id = boot;
    crashed.saved_at = wall;
    Site site(config, former.site.table);
    site.controller.restore(crashed, boot, site.now, wall + 20s);
    site.read_kernel();
    CHECK(site.server("s1").health == monitors::Health::up);
}

TEST_CASE("without probes there is no health to keep fresh") {
    auto config = small_config(2);
    config.services["web-80"].monitors.clear();
    Site site(config);
    site.read_kernel();
    site.keep_state();
    site.saves.clear();
    site.wait(std::chrono::hours(1));
    CHECK(site.saves.empty());
}

TEST_CASE("a monitor's verdict is saved even where it does not change the server's health") {
    auto config = small_config(1);
    config.services["web-80"].monitors.push_back({});
    Former former(config);
    former.site.keep_state();
    for (const auto index : {0U, 1U}) {
        monitors::Verdict verdict;
        verdict.id = std::next(former.site.probes().begin(), index)->first;
        verdict.health = monitors::Health::down;
        former.site.controller.handle(verdict, former.site.now);
        former.site.wait(1s);
        const auto& saved = former.site.saves.back().second.services.at("web-80");
        CHECK(saved->begin()->second.monitors[index] == monitors::Health::down);
    }
}

TEST_CASE("how old the version of a list is that stays in use is known after a restart") {
    auto config = small_config(1);
    config.groups["g"].servers_file = "/c/g.json";
    Former former(config);
    former.site.controller.note_lists({}, former.site.now);
    const auto good_at = former.site.now;
    former.site.wait(std::chrono::hours(1));
    auto site = successor(former, config);
    site.controller.note_lists({{"/c/g.json", "gone"}}, site.now);
    const auto lists = site.controller.snapshot(site.now)->lists;
    REQUIRE(lists.size() == 1);
    CHECK(lists[0].problem == "gone");
    CHECK(site.now - *lists[0].good_at == former.site.now - good_at + 1s);
}
