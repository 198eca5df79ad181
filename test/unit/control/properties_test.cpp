// Random sequences of verdicts, operators' commands, acknowledgements, refusals, foreign changes,
// reloads, waits and restarts over the whole controller. What must never happen is checked after
// each.

#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <utility>

using namespace vipd;
using namespace vipd::test;
using monitors::Health;

namespace {

constexpr unsigned servers = 6;

/// VIP "web" with web-80 and web-443, VIP "api" with api-80; servers s1 … s6 each.
Config random_config(std::mt19937& random) {
    auto config = small_config(servers);
    config.brake.action = BrakeConfig::Action::announce;
    config.brake.min_vips = 2;
    config.vips["api"] = config.vips.at("web");
    config.vips["api"].addresses = {ip("203.0.113.11")};
    config.vips["web"].when = AnnounceWhen{};
    if (random() % 3 == 0) config.vips["web"].degraded.reset();
    config.vips["api"].degraded->below = Fraction::parse("0.9");
    config.vips["api"].degraded->steps = 3;
    auto& web = config.services.at("web-80");
    config.services["web-443"] = web;
    config.services["web-443"].port = 443;
    config.services["api-80"] = web;
    config.services["api-80"].vip = "api";
    constexpr std::array thresholds{"0", "0.34", "0.5", "0.8", "1"};
    for (auto& [name, service] : config.services) {
        service.depool_threshold = *Fraction::parse(thresholds.at(random() % thresholds.size()));
        service.min_up = 1 + random() % 2;
        service.drain_timeout = 20s;
        if (random() % 2 == 0) {
            service.options = {.scheduler = "wrr", .scheduler_flags = 0};
            service.slow_start = SlowStartConfig{.window = 20s};
        }
        if (random() % 2 == 0) {
            service.max_leaving =
                MaxLeavingConfig{.count = random() % 2 == 0 ? 1U : 2U, .window = 15s};
        }
        unsigned octet = static_cast<unsigned>(service.port % 250) + (name == "api-80" ? 1U : 0U);
        for (auto& [server, settings] : service.servers) {
            settings.addresses = {ip("10.0." + std::to_string(octet) + "." + server.substr(1))};
            if (random() % 8 == 0) settings.state = Admin::disabled;
            settings.weight = random() % 8 == 0 ? 0 : 20;
        }
        if (random() % 3 == 0) service.servers.erase("s" + std::to_string(1 + random() % servers));
    }
    return config;
}

/// A site, and what happens to it.
class Story {
public:
    explicit Story(unsigned seed) : random_(seed), config_(random_config(random_)) {
        site = std::make_unique<Site>(config_);
        site->read_kernel();
        save();
    }

    void step() {
        if (random_() % 2 == 0) save();
        switch (random_() % 16) {
            case 0:
                return maintain();
            case 1:
                return reload();
            case 2:
                return restart();
            case 3:
                return foreign_change();
            case 4:
                site->kernel_answers = false;
                return;
            case 5:
            case 6:
                return site->settle();
            case 7:
                site->refuse_services = random_() % 3 == 0;
                return;
            case 8:
                return random_() % 2 == 0 ? site->lose_router() : site->connect_router();
            case 9:
                return site->evidence(random_() % 2 == 0 ? "timers-late" : "probes-waiting");
            case 10:
                return site->wait(Duration(random_() % 20000));
            case 11:
            case 12:
                return set_admin();
            default:
                return site->verdict(any_server(), random_() % 2 == 0 ? Health::up : Health::down,
                                     any_service());
        }
    }

    std::unique_ptr<Site> site;

private:
    std::string any_server() { return "s" + std::to_string(1 + random_() % servers); }

    std::string any_service() {
        constexpr std::array names{"web-80", "web-443", "api-80"};
        return names.at(random_() % names.size());
    }

    Command by_ada() const {
        Command command;
        command.who = "ada";
        return command;
    }

    void set_admin() {
        constexpr std::array states{Admin::enabled, Admin::draining, Admin::disabled};
        SetAdmin set;
        set.server = any_server();
        if (random_() % 2 == 0) set.service = any_service();
        if (random_() % 4 != 0) set.state = states.at(random_() % states.size());
        set.force = random_() % 4 == 0;
        if (random_() % 3 == 0) set.ttl = Duration(random_() % 60000);
        site->execute(by_ada(), set);
    }

    void maintain() {
        Maintenance maintenance;
        if (random_() % 2 == 0) maintenance.vip = "web";
        maintenance.on = random_() % 3 == 0;
        if (random_() % 2 == 0) maintenance.ttl = Duration(random_() % 30000);
        site->execute(by_ada(), maintenance);
    }

    void reload() {
        config_ = random_config(random_);
        site->told.clear();  // a new configuration is told at once
        site->reload(config_);
    }

    WallTime wall() const {
        return WallTime(
            std::chrono::duration_cast<WallTime::duration>(site->now.time_since_epoch()));
    }

    void save() {
        saved_ = site->controller.state(site->now, wall());
        saved_.saved_at = wall();
        saved_.boot_id = "boot";
    }

    /// What was saved may be older than the table.
    void restart() {
        auto next = std::make_unique<Site>(config_, site->table);
        next->now = site->now + 1s;
        next->addresses = site->addresses;
        next->controller.restore(saved_, random_() % 4 == 0 ? "another boot" : "boot", next->now,
                                 wall() + 1s);
        next->read_kernel();
        site = std::move(next);
    }

    void foreign_change() {
        if (site->table.empty()) return;
        auto service = std::next(site->table.begin(),
                                 static_cast<std::ptrdiff_t>(random_() % site->table.size()));
        auto& destinations = service->second.destinations;
        if (random_() % 4 == 0) {
            site->table.erase(service);
        } else if (!destinations.empty() && random_() % 2 == 0) {
            destinations.erase(destinations.begin());
        } else if (!destinations.empty()) {
            destinations.begin()->second.weight = 0;
        }
        site->sweep();
    }

    std::mt19937 random_;
    Config config_;
    State saved_;
};

const ipvs::Service* in_table(const Site& site, const ServiceView& service, const PoolView& pool) {
    const auto found = site.table.find(
        ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {pool.vip_address, service.port}});
    return found == site.table.end() ? nullptr : &found->second;
}

std::size_t carrying(const ipvs::Service& service) {
    return static_cast<std::size_t>(std::ranges::count_if(
        service.destinations,
        [](const auto& destination) { return destination.second.weight > 0; }));
}

bool counts(const ServerView& server) {
    return server.admin == Admin::enabled && server.weight > 0 && server.health == Health::up;
}

void check_reason(const Reason& reason) {
    CHECK_FALSE(reason.code.empty());
    CHECK_FALSE(reason.text.empty());
}

void check_server(const ServerView& server) {
    INFO(server.name << " " << to_string(server.placement) << ": " << server.placement_reason.text);
    check_reason(server.health_reason);
    check_reason(server.admin_reason);
    check_reason(server.placement_reason);
    if (server.suspect) check_reason(server.suspect_reason);
    if (server.placement == Placement::held) {
        CHECK(server.health != Health::up);  // unknown: adopted, and not judged in time
        const bool by_limit = server.placement_reason.code == "held-by-limit";
        CHECK((by_limit || server.placement_reason.code == "held-by-threshold"));
        CHECK(server.admin == Admin::enabled);
    }
    if (server.admin != Admin::enabled) CHECK(server.placement == Placement::depooled);
    if (counts(server)) CHECK(server.placement == Placement::pooled);
    const bool climbs = server.placement_reason.code == "slow-start";
    if (climbs) CHECK(counts(server));
}

void check_pool(const Site& site, const ServiceView& service, const PoolView& pool) {
    INFO(service.name << ": " << pool.fit_reason.text);
    check_reason(pool.fit_reason);
    std::size_t willing = 0;
    std::size_t wanted = 0;
    std::size_t up = 0;
    for (const auto& server : pool.servers) {
        check_server(server);
        willing +=
            server.admin == Admin::enabled && server.weight > 0 && server.health != Health::unknown
                ? 1U
                : 0U;
        wanted += server.placement != Placement::depooled ? 1U : 0U;
        up += counts(server) ? 1U : 0U;
    }
    CHECK(up == pool.up);
    CHECK(wanted >= std::min(pool.floor, willing));
    const auto* kernel = in_table(site, service, pool);
    if (pool.fit) {
        CHECK(up >= 1);
        REQUIRE(kernel != nullptr);
        std::size_t serving = 0;
        for (const auto& server : pool.servers) {
            const auto found = kernel->destinations.find({server.address, server.port});
            const bool carries = found != kernel->destinations.end() && found->second.weight > 0;
            serving += counts(server) && carries ? 1U : 0U;
        }
        CHECK(serving >= 1);
    }
    if (site.settled() && kernel != nullptr)
        CHECK(carrying(*kernel) >= std::min(pool.floor, willing));
}

void check_vip(const Site& site, const Snapshot& snapshot, const VipView& vip) {
    for (const auto& address : vip.addresses) {
        INFO(vip.name << " " << to_string(address.wanted) << ": " << address.reason.text);
        check_reason(address.reason);
        if (address.degraded > 0) CHECK(address.wanted != Announcement::withdrawn);
        CHECK((address.reason.code != "degraded" || address.degraded > 0));
        if (!site.announced(address.address.to_string())) continue;
        CHECK(address.wanted != Announcement::withdrawn);
        CHECK(address.present);
        CHECK(site.addresses.contains({"lo", address.address}));
        for (const auto& name : vip.services) {
            const auto& service = *snapshot.services.at(name);
            const auto* kernel = in_table(site, service, service.pools.front());
            REQUIRE(kernel != nullptr);
            CHECK(carrying(*kernel) >= 1);
            if (address.reason.code != "brake") CHECK(service.pools.front().fit);
        }
    }
}

bool is_leaving(const Site::Told& told) {
    return told.route && std::ranges::count(told.route->communities, bgp::graceful_shutdown) > 0;
}

/// Routers do not take us for flapping: what is told next to a route that is not leaving keeps its
/// distance from the last such route.
void check_distances(const Site& site) {
    std::map<bgp::Prefix, const Site::Told*> last;
    std::map<bgp::Prefix, TimePoint> announced_at;
    for (const auto& told : site.told) {
        const auto* before = std::exchange(last[told.prefix], &told);
        if (!told.route || is_leaving(told)) continue;
        const auto at = announced_at.find(told.prefix);
        const bool resumed = before != nullptr && is_leaving(*before);
        if (at != announced_at.end() && !resumed) CHECK(told.at - at->second >= 5s);
        announced_at[told.prefix] = told.at;
    }
}

void check(Site& site) {
    check_distances(site);
    const auto snapshot = site.controller.snapshot(site.now);
    for (const auto& [name, service] : snapshot->services) {
        for (const auto& pool : service->pools)
            check_pool(site, *service, pool);
    }
    for (const auto& [name, vip] : snapshot->vips)
        check_vip(site, *snapshot, *vip);
    for (const auto& alert : snapshot->alerts) {
        INFO(alert.code << " " << alert.subject << ": " << alert.text);
        CHECK_FALSE(alert.text.empty());
        if (site.settled()) CHECK(alert.code != "not-programmed");
    }
}

}  // namespace

TEST_CASE("whatever happens to a site, nothing is told that is not so, and no floor is broken") {
    for (unsigned seed = 1; seed <= 150; ++seed) {
        Story story(seed);
        for (int i = 0; i < 120; ++i) {
            INFO("seed " << seed << ", step " << i);
            story.step();
            check(*story.site);
        }
    }
}

TEST_CASE("the same events leave a site in the same state") {
    const auto outline = [](Site& site) {
        std::vector<std::string> lines = site.journal;
        for (const auto& event : site.events())
            lines.push_back(event.code + " " + event.subject + ": " + event.text);
        return lines;
    };
    for (unsigned seed = 1; seed <= 20; ++seed) {
        Story first(seed);
        Story second(seed);
        for (int i = 0; i < 120; ++i) {
            first.step();
            second.step();
        }
        CHECK(outline(*first.site) == outline(*second.site));
        CHECK(first.site->table == second.site->table);
    }
}

TEST_CASE("a site that is left alone comes to rest") {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        Story story(seed);
        for (int i = 0; i < 120; ++i)
            story.step();
        auto& site = *story.site;
        site.connect_router();
        site.settle();
        site.wait(10min);
        site.settle();
        const auto written = site.journal.size();
        site.read_kernel();
        site.wait(10min);
        CHECK(site.journal.size() == written);
        CHECK(site.settled());
    }
}
