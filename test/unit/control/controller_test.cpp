#include "src/control/controller.hpp"

#include "src/control/verdict_latency.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

using namespace vipd;
using namespace vipd::test;
using Weights = std::map<std::string, int>;

namespace {

std::size_t position(const std::vector<std::string>& journal, const std::string& entry) {
    return static_cast<std::size_t>(std::ranges::find(journal, entry) - journal.begin());
}

}  // namespace

TEST_CASE("nothing is written before the kernel's table has been read") {
    Site site(small_config(2));
    site.up("s1");
    CHECK(site.table.empty());
    CHECK(site.addresses.empty());
    site.read_kernel();
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}});
    CHECK(site.addresses.size() == 1);
}

TEST_CASE("a VIP is announced once all servers are judged and the kernel has acknowledged") {
    Site site(small_config(2));
    site.read_kernel();
    site.up("s1");
    CHECK_FALSE(site.announced());  // s2 is not judged yet
    site.up("s2");
    CHECK(site.announced());
    const auto announced = position(site.journal, "router: 203.0.113.10/32 announced");
    CHECK(position(site.journal, "kernel: address 203.0.113.10 on") < announced);
    CHECK(std::ranges::any_of(
        site.journal.begin(), site.journal.begin() + static_cast<std::ptrdiff_t>(announced),
        [](const std::string& entry) {
            return entry.starts_with("kernel: add service tcp 203.0.113.10:80");
        }));
    CHECK(position(site.journal,
                   "kernel: add destination 10.0.0.1:80 weight 1 to tcp 203.0.113.10:80") <
          announced);
}

TEST_CASE("bad news about the last server that is waited for ends the wait too") {
    Site site(small_config(2));
    site.read_kernel();
    site.up("s1");
    CHECK_FALSE(site.announced());
    site.down("s2");
    CHECK(site.announced());
}

TEST_CASE("a VIP is not announced while the kernel has not answered") {
    Site site(small_config(1));
    site.read_kernel();
    site.kernel_answers = false;
    site.up("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("a service that the kernel refuses is unfit and its VIP withdrawn") {
    Site site(small_config(1));
    site.refuse_services = true;
    site.read_kernel();
    site.up("s1");
    CHECK_FALSE(site.announced());
    const auto snapshot = site.controller.snapshot(site.now);
    const auto& pool = snapshot->services.at("web-80")->pools.front();
    CHECK(pool.fit_reason.code == "not-programmed");
    CHECK(pool.fit_reason.text == "the kernel refused the service: No such scheduler");
}

TEST_CASE("a verdict takes one server out and leaves the rest") {
    auto site = site_with_all_up(3);
    site.down("s2");
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.3", 1}});
    CHECK(site.announced());
}

TEST_CASE("the floor holds the server that went down last") {
    auto site = site_with_all_up(4);
    for (const auto* name : {"s1", "s2", "s3"}) {
        site.wait(1s);
        site.down(name);
    }
    CHECK(site.kernel() == Weights{{"10.0.0.3", 1}, {"10.0.0.4", 1}});
    CHECK(site.server("s3").placement == Placement::held);
    CHECK(site.server("s3").placement_reason.code == "held-by-threshold");
    CHECK(site.announced());
}

TEST_CASE("with no server up the VIP is withdrawn at once although servers are held") {
    auto site = site_with_all_up(2);
    site.down("s1");
    CHECK(site.announced());
    site.wait(1s);
    site.down("s2");
    CHECK_FALSE(site.announced());
    CHECK(site.kernel() == Weights{{"10.0.0.2", 1}});
}

TEST_CASE("a VIP comes back after hold_down, counted from when its services are fit") {
    auto site = site_with_all_up(2);
    site.down("s1");
    site.down("s2");
    site.wait(1min);
    site.up("s1");
    site.wait(9s);
    CHECK_FALSE(site.announced());
    site.wait(1s);
    CHECK(site.announced());
}

TEST_CASE("a break in fitness starts hold_down anew") {
    auto site = site_with_all_up(1);
    site.down("s1");
    site.up("s1");
    site.wait(9s);
    site.down("s1");
    site.up("s1");
    site.wait(9s);
    CHECK_FALSE(site.announced());
    site.wait(1s);
    CHECK(site.announced());
}

TEST_CASE("servers found in the kernel stay as they are until judged") {
    ipvs::Table found;
    auto config = small_config(2);
    ipvs::Service service;
    service.options = config.services.at("web-80").options;
    for (const auto* address : {"10.0.0.1", "10.0.0.2"}) {
        service.destinations[{ip(address), 80}] = ipvs::Destination{};
    }
    found[ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip("203.0.113.10"), 80}}] = service;

    Site site(config, found);
    site.read_kernel();
    CHECK(site.journal == std::vector<std::string>{"kernel: address 203.0.113.10 on"});
    CHECK(site.server("s1").placement_reason.code == "adopted");
    site.up("s1");
    site.up("s2");
    CHECK(site.journal.back() == "router: 203.0.113.10/32 announced");
    CHECK(site.journal.size() == 2);
}

TEST_CASE("an adopted server that is never judged is depooled after the start deadline") {
    ipvs::Table found;
    auto config = small_config(3);
    ipvs::Service service;
    service.options = config.services.at("web-80").options;
    for (const auto* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
        service.destinations[{ip(address), 80}] = ipvs::Destination{};
    }
    found[ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip("203.0.113.10"), 80}}] = service;
    Site site(config, found);
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    CHECK(site.kernel().size() == 3);
    site.wait(start_deadline(config));
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}, {"10.0.0.2", 1}});
    CHECK(site.announced());
}

TEST_CASE("somebody else flushes the table: the VIP is withdrawn until it is repaired") {
    auto site = site_with_all_up(2);
    site.table.clear();
    site.sweep();
    CHECK_FALSE(site.announced());
}

TEST_CASE("a server of weight 0 that the kernel still has does not make a service fit") {
    auto site = site_with_all_up(2);
    site.kernel_answers = false;
    auto config = small_config(2);
    config.services["web-80"].servers["s2"].weight = 0;
    site.reload(config);
    CHECK(site.announced());
    site.table.begin()->second.destinations.begin()->second.weight = 0;  // by somebody else
    site.sweep();
    CHECK_FALSE(site.announced());
}

TEST_CASE("a lost session is told again what is announced") {
    auto site = site_with_all_up(1);
    site.lose_router();
    CHECK(site.controller.snapshot(site.now)
              ->vips.at("web")
              ->addresses.front()
              .advertised_to.empty());
    site.connect_router();
    CHECK(site.announced());
}

TEST_CASE("a planned stop goes: leaving, wait, withdraw, wait, cease, dataplane, exit") {
    auto config = small_config(1);
    config.ipvs.on_stop = IpvsConfig::OnStop::flush;
    Site site(config);
    site.read_kernel();
    site.up("s1");
    site.journal.clear();
    const auto begun = site.now;
    site.stop();
    CHECK(site.journal == std::vector<std::string>{"router: 203.0.113.10/32 leaving"});
    site.wait(5s);
    CHECK(site.journal.back() == "router: 203.0.113.10/32 withdrawn");
    CHECK_FALSE(site.finished);
    site.wait(1s);
    CHECK(site.journal ==
          std::vector<std::string>{"router: 203.0.113.10/32 leaving",
                                   "router: 203.0.113.10/32 withdrawn", "router: cease",
                                   "kernel: address 203.0.113.10 off",
                                   "kernel: remove service tcp 203.0.113.10:80", "exit"});
    CHECK(site.now - begun == 6s);
}

TEST_CASE("a stop with on_stop keep leaves the kernel alone") {
    auto site = site_with_all_up(1);
    site.stop();
    site.wait(10s);
    CHECK(site.finished);
    CHECK(site.kernel() == Weights{{"10.0.0.1", 1}});
    CHECK(site.addresses.size() == 1);
}

TEST_CASE("a second stop request skips the waits") {
    auto site = site_with_all_up(1);
    site.stop();
    site.stop();
    site.wait(0s);
    CHECK(site.finished);
}

TEST_CASE("a server that fails during a planned stop withdraws at once") {
    auto site = site_with_all_up(1);
    site.stop();
    CHECK(site.announced());
    site.down("s1");
    CHECK_FALSE(site.announced());
}

TEST_CASE("a withdrawal traces back to the verdict that caused it") {
    auto site = site_with_all_up(1);
    site.down("s1");
    const auto events = site.events();
    const auto by_code = [&](const std::string& code) {
        const auto found = std::ranges::find(events.rbegin(), events.rend(), code, &Event::code);
        REQUIRE(found != events.rend());
        return *found;
    };
    const auto withdrawn = by_code("vip-withdrawn");
    const auto unfit = by_code("service-unfit");
    CHECK(withdrawn.cause == unfit.id);
    const auto held = by_code("server-held");
    CHECK(unfit.cause == held.id);
    CHECK(held.cause == by_code("server-down").id);
}

namespace {

/// Verdicts that were found at one hour, and decided about a millisecond later.
class Stopwatch {
public:
    static constexpr TimePoint found{1h};
    static constexpr TimePoint decided = found + 1ms;

    void want_service(TimePoint since = found) {
        latency.begin(since, since + 1ms);
        latency.kernel_wanted(service);
        latency.end();
    }
    void want_route(std::set<std::string> peers) {
        latency.begin(found, decided);
        latency.route_wanted(route, std::move(peers));
        latency.end();
    }
    ipvs::KernelReport report(TimePoint at, bool written) const {
        ipvs::KernelReport made;
        made.at = at;
        made.in_sync = true;
        if (written) made.applied.push_back({ipvs::RemoveService{service}, std::nullopt});
        return made;
    }
    void written(const std::string& peer) {
        latency.note(bgp::RoutesWritten{peer, {}, {route}, found + 3ms});
    }
    Histogram to_kernel() const { return latency.views()[0].histogram; }
    Histogram to_wire() const { return latency.views()[1].histogram; }

    VerdictLatency latency;
    ipvs::ServiceKey service =
        ipvs::VirtualEndpoint{ipvs::Protocol::tcp, *Endpoint::parse("203.0.113.10:80")};
    bgp::Prefix route = bgp::Prefix::host(ip("203.0.113.10"));
};

std::uint64_t total(const Histogram& histogram) {
    return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

}  // namespace

TEST_CASE("a verdict's way to the kernel is counted once, from the end of its probe") {
    Stopwatch watch;
    watch.want_service();
    watch.latency.note(watch.report(watch.decided, true), watch.found + 2ms);
    watch.latency.note(watch.report(watch.decided, true), watch.found + 9ms);
    CHECK(total(watch.to_kernel()) == 1);
    CHECK(watch.to_kernel().sum == Approx(0.002));
}

TEST_CASE("of several verdicts that the kernel answers at once the oldest counts") {
    Stopwatch watch;
    watch.want_service();
    watch.want_service(watch.found + 5ms);
    watch.latency.note(watch.report(watch.found + 6ms, true), watch.found + 8ms);
    CHECK(watch.to_kernel().sum == Approx(0.008));
}

TEST_CASE("what is not wanted because of a verdict, refused or taken back is not counted") {
    Stopwatch watch;
    watch.latency.kernel_wanted(watch.service);
    watch.latency.note(watch.report(watch.decided, true), watch.found + 2ms);
    watch.want_service();
    auto refused = watch.report(watch.decided, true);
    refused.applied.front().error = ipvs::KernelError{12, "no"};
    watch.latency.note(refused, watch.found + 2ms);
    watch.want_service();
    // The kernel had nothing to do.
    watch.latency.note(watch.report(watch.decided, false), watch.found + 2ms);
    watch.latency.note(watch.report(watch.found + 1h, true), watch.found + 1h);
    CHECK(total(watch.to_kernel()) == 0);
}

TEST_CASE("a report that was under way when the verdict came does not end the wait") {
    Stopwatch watch;
    watch.want_service();
    watch.latency.note(watch.report(watch.found, false), watch.found + 2ms);
    watch.latency.note(watch.report(watch.decided, true), watch.found + 3ms);
    CHECK(total(watch.to_kernel()) == 1);
}

TEST_CASE("a verdict's way to the wire is counted for each peer that had a session") {
    Stopwatch watch;
    watch.want_route({"cr1", "cr2"});
    watch.written("cr1");
    watch.written("cr1");
    watch.written("cr3");
    CHECK(total(watch.to_wire()) == 1);
    CHECK(watch.to_wire().sum == Approx(0.003));
    watch.latency.note(bgp::RoutesLost{"cr2"});
    watch.written("cr2");
    CHECK(total(watch.to_wire()) == 1);
}
