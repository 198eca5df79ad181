#include "ipvs/keeper.hpp"

#include "ipvs/memory_backend.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>

using namespace vipd;
using namespace vipd::ipvs;
using namespace std::chrono_literals;

namespace {

const ServiceKey other = tcp("203.0.113.99:80");
const VipAddress on_lo{"lo", Address::parse("203.0.113.10").value()};

/// A keeper on the memory backend, with a clock moved by hand.
struct Site {
    MemoryBackend kernel;
    MemoryAddresses host;
    Keeper keeper;
    TimePoint now{1h};

    explicit Site(Table table = {}, KernelOptions options = {})
        : kernel(std::move(table)), keeper(kernel, host, options) {}

    KernelReport start() { return keeper.round({}, now).value(); }

    KernelReport want(WantedServices services) {
        return keeper.round({.services = std::move(services), .addresses = {}, .timeouts = {}}, now)
            .value();
    }
    KernelReport want(std::map<VipAddress, bool> addresses) {
        return keeper
            .round({.services = {}, .addresses = std::move(addresses), .timeouts = {}}, now)
            .value();
    }

    /// Every report until then, each at its own time.
    std::vector<KernelReport> run(Duration time) {
        std::vector<KernelReport> reports;
        const TimePoint end = now + time;
        int rounds = 0;
        while (keeper.next_deadline() <= end) {
            REQUIRE(++rounds < 10000);
            now = std::max(now, keeper.next_deadline());
            if (auto report = keeper.round({}, now)) reports.push_back(std::move(*report));
        }
        now = end;
        return reports;
    }
};

Lines written(Site& site) {
    auto lines = texts(site.kernel.recorded());
    site.kernel.forget_recorded();
    return lines;
}

template <class Field>
std::size_t total(const std::vector<KernelReport>& reports, Field field) {
    std::size_t sum = 0;
    for (const auto& report : reports)
        sum += (report.*field).size();
    return sum;
}

}  // namespace

TEST_CASE("the first round carries the table as found and writes nothing") {
    Site site({{other, pool({{"10.0.0.99:80", 1}})}});
    const auto report = site.start();
    REQUIRE(report.table);
    CHECK(report.table->contains(other));
    CHECK_FALSE(report.in_sync);
    site.run(1min);
    CHECK(site.kernel.recorded().empty());
    CHECK(site.host.recorded().empty());
}

TEST_CASE("what was wanted before the table was read is written after it") {
    Site site({{vip, pool({{"10.0.0.11:443", 1}})}});
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 2}})}});
    CHECK(report.table->at(vip) == pool({{"10.0.0.11:443", 1}}));
    CHECK_FALSE(report.in_sync);
    CHECK(site.kernel.recorded().empty());
    CHECK(site.keeper.next_deadline() <= site.now);
    const auto reports = site.run(1ms);
    CHECK(written(site) ==
          Lines{"edit destination 10.0.0.11:443 weight 2 of tcp 203.0.113.10:443"});
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].in_sync);
}

TEST_CASE("a table that is right is adopted without a write") {
    Site site({{vip, pool({{"10.0.0.11:443", 1}})}, {other, pool({{"10.0.0.99:80", 1}})}});
    site.start();
    CHECK(site.want({{vip, pool({{"10.0.0.11:443", 1}})}}).in_sync);
    site.run(1min);
    CHECK(site.kernel.recorded().empty());
}

TEST_CASE("a change is written in the round that wants it and acknowledged in its report") {
    Site site;
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 1}})}});
    written(site);
    const auto report = site.want({{vip, pool({{"10.0.0.12:443", 1}})}});
    CHECK(written(site) == Lines{"remove destination 10.0.0.11:443 from tcp 203.0.113.10:443"});
    CHECK(report.applied ==
          std::vector<Applied>{{RemoveDestination{vip, server("10.0.0.11:443")}, std::nullopt}});
    CHECK(report.in_sync);
}

TEST_CASE("what is asked for is answered as it is, written or not") {
    Site site({{vip, pool({{"10.0.0.11:443", 1}})}, {other, pool({{"10.0.0.99:80", 1}})}});
    site.start();
    const auto right = pool({{"10.0.0.11:443", 1}});
    CHECK(site.want({{vip, right}}).services == WantedServices{{vip, right}});
    CHECK(site.want({{vip, right}}).services == WantedServices{{vip, right}});
    const auto edited = site.want({{vip, pool({{"10.0.0.11:443", 2}})}});
    CHECK(edited.applied.size() == 1);
    CHECK(edited.services == WantedServices{{vip, pool({{"10.0.0.11:443", 2}})}});
    CHECK(site.want({{vip, std::nullopt}}).services == WantedServices{{vip, std::nullopt}});
    CHECK(total(site.run(1min), &KernelReport::services) == 0);

    CHECK(site.want({{on_lo, true}}).addresses == std::map<VipAddress, bool>{{on_lo, true}});
    CHECK(site.want({{on_lo, true}}).addresses == std::map<VipAddress, bool>{{on_lo, true}});
    CHECK(site.want({{on_lo, false}}).addresses == std::map<VipAddress, bool>{{on_lo, false}});
    CHECK(site.want({{on_lo, false}}).addresses == std::map<VipAddress, bool>{{on_lo, false}});
}

TEST_CASE("services that were never wanted stay as they are, also when ours goes") {
    Site site({{other, pool({{"10.0.0.99:80", 1}})}});
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    const auto report = site.want({{vip, std::nullopt}});
    CHECK(report.in_sync);
    site.run(1min);
    CHECK(site.kernel.table() == Table{{other, pool({{"10.0.0.99:80", 1}})}});
}

TEST_CASE("a removed service is no longer ours: who makes it anew keeps it") {
    Site site;
    site.start();
    site.want({{vip, pool({})}});
    site.want({{vip, std::nullopt}});
    site.kernel.behind_our_back()[vip] = pool({});
    site.run(1min);
    CHECK(site.kernel.table().contains(vip));
}

TEST_CASE("a newly named service is read before it is written") {
    Site site;
    site.start();
    site.want({{vip, pool({})}});
    site.kernel.behind_our_back()[other] = pool({{"10.0.0.98:80", 1}, {"10.0.0.99:80", 1}});
    written(site);
    const auto report = site.want({{other, pool({{"10.0.0.99:80", 1}})}});
    CHECK(written(site) == Lines{"remove destination 10.0.0.98:80 from tcp 203.0.113.99:80"});
    REQUIRE(report.table);
    CHECK(report.table->at(other) == pool({{"10.0.0.99:80", 1}}));
}

TEST_CASE(
    "a service that we never managed to add is looked for before its removal counts as done") {
    Site site;
    site.start();
    site.want({{other, pool({})}});
    site.kernel.refuse_nth(1, out_of_memory);
    site.want({{vip, pool({})}});
    site.kernel.behind_our_back()[vip] = pool({});
    CHECK(site.want({{vip, std::nullopt}}).in_sync);
    CHECK_FALSE(site.kernel.table().contains(vip));
}

TEST_CASE("many newly named services are read at once") {
    Site site;
    site.start();
    site.want({{vip, pool({})}});
    const auto before = site.kernel.reads();
    WantedServices services;
    for (std::uint16_t port = 1; port <= 500; ++port) {
        services[VirtualEndpoint{Protocol::tcp, {on_lo.address, port}}] = pool({});
    }
    CHECK(site.want(services).in_sync);
    CHECK(site.kernel.reads() == before + 1);
}

TEST_CASE("a refused change is told, retried with growing pauses, and does not stop the others") {
    Site site;
    site.start();
    site.kernel.refuse({vip, server("10.0.0.11:443")}, out_of_memory);
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 1}})}});
    CHECK(site.kernel.table().at(vip).destinations.size() == 1);
    REQUIRE(report.refusals.size() == 1);
    CHECK(report.refusals[0].error == out_of_memory);
    CHECK(report.refusals[0].next_try == site.now + 500ms);
    CHECK_FALSE(report.in_sync);
    written(site);

    std::vector<Duration> pauses;
    TimePoint last = site.now;
    for (const auto& later : site.run(3min)) {
        if (later.applied.empty()) continue;
        pauses.push_back(std::chrono::duration_cast<Duration>(later.at - last));
        last = later.at;
    }
    CHECK(pauses == std::vector<Duration>{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s, 30s});

    site.kernel.allow({vip, server("10.0.0.11:443")});
    const auto reports = site.run(30s);
    CHECK(site.kernel.table().at(vip).destinations.size() == 2);
    CHECK(reports.back().in_sync);
    CHECK(reports.back().refusals.empty());
    const auto made = std::ranges::find_if(reports, [](const KernelReport& later) {
        return !later.applied.empty() && !later.applied.front().error;
    });
    REQUIRE(made != reports.end());
    CHECK(made->services == WantedServices{{vip, site.kernel.table().at(vip)}});
}

TEST_CASE("wanting something else of a refused destination is tried at once") {
    Site site;
    site.start();
    site.kernel.refuse_nth(2, out_of_memory);
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 7}})}});
    CHECK(report.refusals.empty());
    CHECK(report.in_sync);
}

TEST_CASE("a refusal is forgotten when the change is no longer wanted") {
    Site site;
    site.start();
    site.kernel.refuse({vip, server("10.0.0.11:443")}, out_of_memory);
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    const auto report = site.want({{vip, pool({})}});
    CHECK(report.refusals.empty());
    CHECK(report.in_sync);
}

TEST_CASE("a service that the kernel refuses is one refusal, its destinations wait with it") {
    Site site;
    site.start();
    auto wanted = pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 1}});
    wanted.options.scheduler = "nonsense";
    const auto report = site.want({{vip, wanted}, {other, pool({{"10.0.0.99:80", 1}})}});
    CHECK(report.refusals.size() == 1);
    CHECK(report.refusals[0].error.code == ENOENT);
    CHECK(report.applied.size() == 3);
    CHECK(site.kernel.table().contains(other));
    written(site);
    site.run(600ms);
    CHECK(written(site) == Lines{"add service tcp 203.0.113.10:443 scheduler nonsense",
                                 "add destination 10.0.0.11:443 weight 1 to tcp 203.0.113.10:443",
                                 "add destination 10.0.0.12:443 weight 1 to tcp 203.0.113.10:443"});
}

TEST_CASE("an entry that is there already is read again, not refused") {
    Site site;
    site.start();
    site.want({{vip, pool({})}});
    site.kernel.behind_our_back()[vip] = pool({{"10.0.0.11:443", 3}});
    written(site);
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    CHECK(written(site) ==
          Lines{"add destination 10.0.0.11:443 weight 1 to tcp 203.0.113.10:443",
                "edit destination 10.0.0.11:443 weight 1 of tcp 203.0.113.10:443"});
    CHECK(report.refusals.empty());
    CHECK(report.in_sync);
    REQUIRE(report.table);
    CHECK(report.table->at(vip) == pool({{"10.0.0.11:443", 1}}));
}

TEST_CASE("a service that vanished is made anew when its destination is edited") {
    Site site;
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    site.kernel.behind_our_back().clear();
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 2}})}});
    CHECK(site.kernel.table().at(vip) == pool({{"10.0.0.11:443", 2}}));
    CHECK(report.in_sync);
}

TEST_CASE("removing what is gone already is no refusal") {
    Site site;
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    site.kernel.behind_our_back().clear();
    const auto report = site.want({{vip, std::nullopt}});
    CHECK(report.refusals.empty());
    CHECK(report.in_sync);
    CHECK(site.kernel.recorded().back() == Change{RemoveService{vip}});
}

TEST_CASE("a conflict that reading does not settle becomes a refusal") {
    Site site;
    site.start();
    site.kernel.refuse({vip, server("10.0.0.11:443")}, {EEXIST, "File exists"});
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    REQUIRE(report.refusals.size() == 1);
    CHECK(report.refusals[0].error.code == EEXIST);
    CHECK(site.kernel.recorded().size() == 4);
}

TEST_CASE("drift is repaired within the resync interval, told, and counted once") {
    Site site;
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 1}})}});
    const auto breakage = GENERATE(0, 1, 2, 3);
    site.run(Duration(1700));
    auto& table = site.kernel.behind_our_back();
    const auto right = table;
    if (breakage == 0) table.at(vip).destinations.erase(server("10.0.0.11:443"));
    if (breakage == 1) table.at(vip).destinations[server("10.0.0.13:443")] = weighing(1);
    if (breakage == 2) table.at(vip).destinations[server("10.0.0.11:443")].weight = 9;
    if (breakage == 3) table.clear();
    const auto reports = site.run(5s);
    CHECK(site.kernel.table() == right);
    CHECK(total(reports, &KernelReport::drift) == (breakage == 3 ? 3 : 1));
    CHECK(total(reports, &KernelReport::applied) == (breakage == 3 ? 3 : 1));
    CHECK(reports.back().in_sync);
    written(site);
    CHECK(total(site.run(1min), &KernelReport::drift) == 0);
    CHECK(written(site).empty());
}

TEST_CASE("whenever drift happens, it is repaired within the resync interval") {
    WantedServices services;
    for (std::uint16_t port = 1; port <= 7; ++port) {
        services[VirtualEndpoint{Protocol::tcp, {on_lo.address, port}}] =
            pool({{"10.0.0.11:443", 1}});
    }
    Site site;
    site.start();
    site.run(2300ms);
    site.want(services);
    for (int round = 0; round < 60; ++round) {
        site.run(Duration(round * 97 % 5000));
        auto& entry = *std::next(site.kernel.behind_our_back().begin(), round % 7);
        entry.second.destinations.clear();
        site.run(5s);
        CHECK(entry.second.destinations.size() == 1);
    }
}

TEST_CASE("once drift is found the rest of the table is read without pauses") {
    WantedServices services;
    for (std::uint16_t port = 1; port <= 100; ++port) {
        services[VirtualEndpoint{Protocol::tcp, {on_lo.address, port}}] = pool({});
    }
    Site site;
    site.start();
    site.want(services);
    site.kernel.behind_our_back().clear();
    site.run(50ms);
    CHECK(site.kernel.table().size() == 100);
}

TEST_CASE(
    "drift that is only to be reported is told once and left, but not what policy wants anew") {
    Site site({}, {.on_drift = OnDrift::report});
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 1}})}});
    written(site);
    site.kernel.behind_our_back().at(vip).destinations[server("10.0.0.11:443")].weight = 9;
    const auto reports = site.run(30s);
    CHECK(total(reports, &KernelReport::drift) == 1);
    CHECK(written(site).empty());
    CHECK(texts(reports.back().unmade) ==
          Lines{"edit destination 10.0.0.11:443 weight 1 of tcp 203.0.113.10:443"});
    CHECK_FALSE(reports.back().in_sync);

    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 1}, {"10.0.0.12:443", 0}})}});
    CHECK(written(site) ==
          Lines{"edit destination 10.0.0.12:443 weight 0 of tcp 203.0.113.10:443"});
    CHECK(report.unmade.size() == 1);
    site.want({{vip, pool({{"10.0.0.11:443", 2}, {"10.0.0.12:443", 0}})}});
    CHECK(written(site) ==
          Lines{"edit destination 10.0.0.11:443 weight 2 of tcp 203.0.113.10:443"});
}

TEST_CASE("asking for repair makes good what was only reported before") {
    Site site({}, {.on_drift = OnDrift::report});
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    site.kernel.behind_our_back().clear();
    site.run(5s);
    written(site);
    site.keeper.configure({});
    site.run(5s);
    CHECK(site.kernel.table().at(vip) == pool({{"10.0.0.11:443", 1}}));
}

TEST_CASE("an observer writes nothing and says what it would write") {
    Site site({}, {.read_only = true});
    site.start();
    const auto report = site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    CHECK(report.unmade.size() == 2);
    CHECK_FALSE(report.in_sync);
    site.want({{on_lo, true}});
    site.run(1min);
    CHECK(site.kernel.recorded().empty());
    CHECK(site.host.recorded().empty());
    // The other balancer does it: now all is as wanted.
    site.kernel.behind_our_back()[vip] = pool({{"10.0.0.11:443", 1}});
    site.host.behind_our_back().insert(on_lo);
    const auto reports = site.run(10s);
    CHECK(reports.back().in_sync);
    CHECK(reports.back().unmade.empty());
}

TEST_CASE("an unreadable kernel is told, and read again with growing pauses") {
    Site site({{vip, pool({})}});
    site.kernel.fail_reads(KernelError{EPERM, "Operation not permitted"});
    const auto report = site.start();
    REQUIRE(report.read_error);
    CHECK(report.read_error->code == EPERM);
    const auto reports = site.run(20s);
    CHECK(reports.size() == 5);
    site.kernel.fail_reads(std::nullopt);
    CHECK(site.run(30s).front().table);
}

TEST_CASE("a read that fails during the sweep stops no write") {
    Site site;
    site.start();
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    site.kernel.fail_reads(KernelError{ENOBUFS, "No buffer space available"});
    const auto reports = site.run(2min);
    CHECK(reports.size() < 12);
    CHECK(reports.back().read_error);
    CHECK(site.want({{vip, pool({{"10.0.0.11:443", 2}})}}).in_sync);
}

TEST_CASE("addresses are added before services and removed after them") {
    Site site;
    site.start();
    struct Order final : AddressBackend {
        MemoryBackend& kernel;
        std::vector<std::size_t> writes_before;
        explicit Order(MemoryBackend& backend) : kernel(backend) {}
        boost::system::result<std::set<VipAddress>, KernelError> read() override {
            return present_;
        }
        boost::system::result<bool, KernelError> present(const std::string&,
                                                         const Address&) override {
            return {boost::system::in_place_value, !present_.empty()};
        }
        boost::system::result<void, KernelError> add(const std::string& interface,
                                                     const Address& address) override {
            writes_before.push_back(kernel.recorded().size());
            present_.insert({interface, address});
            return {};
        }
        boost::system::result<void, KernelError> remove(const std::string& interface,
                                                        const Address& address) override {
            writes_before.push_back(kernel.recorded().size());
            present_.erase({interface, address});
            return {};
        }
        std::set<VipAddress> present_;
    } host(site.kernel);
    Keeper keeper(site.kernel, host, {});
    keeper.round({}, site.now);
    keeper.round({.services = {{vip, pool({})}}, .addresses = {{on_lo, true}}, .timeouts = {}},
                 site.now);
    keeper.round({.services = {{vip, std::nullopt}}, .addresses = {{on_lo, false}}, .timeouts = {}},
                 site.now);
    CHECK(host.writes_before == std::vector<std::size_t>{0, 2});
}

TEST_CASE("an address that is there is adopted, told and not added again") {
    Site site;
    site.host.behind_our_back().insert(on_lo);
    site.start();
    const auto report = site.want({{on_lo, true}});
    CHECK(report.addresses == std::map<VipAddress, bool>{{on_lo, true}});
    CHECK(report.in_sync);
    CHECK(site.host.recorded().empty());
}

TEST_CASE("an address that somebody took away is put back within the interval and told") {
    Site site;
    site.start();
    site.want({{on_lo, true}});
    site.host.behind_our_back().clear();
    const auto reports = site.run(5s);
    CHECK(site.host.behind_our_back().contains(on_lo));
    CHECK(reports.front().addresses == std::map<VipAddress, bool>{{on_lo, true}});
    CHECK(site.host.recorded().size() == 2);
}

TEST_CASE("a refused address is told with its error and tried again") {
    Site site;
    site.start();
    site.host.refuse(KernelError{ENODEV, "no interface dummy0"});
    const auto report = site.want({{on_lo, true}});
    CHECK(report.addresses == std::map<VipAddress, bool>{{on_lo, false}});
    CHECK(report.address_errors.at(on_lo).code == ENODEV);
    site.run(3s);
    CHECK(site.host.recorded().size() == 3);
    site.host.refuse(std::nullopt);
    const auto reports = site.run(3s);
    CHECK(reports.front().addresses == std::map<VipAddress, bool>{{on_lo, true}});
    CHECK(reports.back().address_errors.empty());
}

TEST_CASE("only addresses that were wanted once are removed") {
    Site site;
    const VipAddress foreign{"lo", Address::parse("198.51.100.1").value()};
    site.host.behind_our_back() = {on_lo, foreign};
    site.start();
    site.want({{on_lo, false}});
    CHECK(site.host.behind_our_back() == std::set<VipAddress>{foreign});
}

TEST_CASE("timeouts are set when they differ, and again when somebody changed them") {
    Site site;
    site.start();
    const Timeouts wanted{.tcp_seconds = 600, .tcp_fin_seconds = 0, .udp_seconds = 10};
    site.keeper.round({.services = {}, .addresses = {}, .timeouts = wanted}, site.now);
    CHECK(*site.kernel.read_timeouts() == Timeouts{600, 120, 10});
    REQUIRE(site.kernel.set_timeouts({5, 5, 5}));
    site.run(5s);
    CHECK(*site.kernel.read_timeouts() == Timeouts{600, 5, 10});
}

TEST_CASE("counters of our services come after every sweep") {
    Site site({{other, pool({{"10.0.0.99:80", 1}})}});
    site.start();
    const auto begun = site.now;
    site.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    const auto reports = site.run(5s);
    REQUIRE(reports.size() == 1);
    REQUIRE(reports[0].statistics);
    CHECK(reports[0].counted_since <= begun);
    const auto next = site.run(5s);
    REQUIRE(next.size() == 1);
    CHECK(next[0].counted_since > begun);
    CHECK(next[0].counted_since < site.now);
    CHECK(reports[0].statistics->size() == 1);
    CHECK(reports[0].statistics->at(vip).destinations.size() == 1);
}
