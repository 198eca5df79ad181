// Properties over generated tables: whatever the table looks like, whoever writes to it meanwhile
// and whatever is refused on the way, in the end ours is as wanted and nothing else was touched.

#include "ipvs/reconciler.hpp"

#include "ipvs/diff.hpp"
#include "ipvs/keeper.hpp"
#include "ipvs/memory_backend.hpp"
#include "test/unit/ipvs/random_table.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <random>

using namespace vipd;
using namespace vipd::ipvs;
using namespace std::chrono_literals;

namespace {

std::ptrdiff_t working(const Table& table, const ServiceKey& key) {
    const auto found = table.find(key);
    if (found == table.end()) return 0;
    return std::ranges::count_if(found->second.destinations,
                                 [](const auto& item) { return item.second.weight > 0; });
}

/// Wants all of `next`, and none of what `before` had besides.
WantedServices step_to(const Table& next, const Table& before) {
    auto wanted = wanted_of(next);
    for (const auto& [key, service] : before)
        wanted.try_emplace(key, std::nullopt);
    return wanted;
}

WantedChange want(WantedServices services) {
    return {.services = std::move(services)};
}

Table without(Table table, const Table& ours) {
    std::erase_if(table, [&](const auto& item) { return ours.contains(item.first); });
    return table;
}

}  // namespace

TEST_CASE(
    "on the way no service has fewer working servers than before or after, whichever is less") {
    RandomTables random(1);
    for (int round = 0; round < 2000; ++round) {
        const Table before = random.table();
        const Table after = random.table();
        Table table = before;
        for (const Change& change : diff(before, step_to(after, before))) {
            carry_out(table, change);
            const ServiceKey key = service_of(change);
            const auto least = std::min(working(before, key), working(after, key));
            REQUIRE(working(table, key) >= least);
        }
        REQUIRE(table == after);
    }
}

TEST_CASE("no target is written twice, and adds come before edits before deletes") {
    RandomTables random(2);
    for (int round = 0; round < 2000; ++round) {
        const Table before = random.table();
        const auto changes = diff(before, step_to(random.table(), before));
        std::set<Target> targets;
        for (const Change& change : changes)
            REQUIRE(targets.insert(target_of(change)).second);
        const auto kind = [](const Change& change) {
            if (std::holds_alternative<AddService>(change)) return 0;
            if (std::holds_alternative<AddDestination>(change)) return 0;
            if (std::holds_alternative<EditService>(change)) return 1;
            if (std::holds_alternative<EditDestination>(change)) return 1;
            return 2;
        };
        REQUIRE(std::ranges::is_sorted(changes, {}, kind));
    }
}

TEST_CASE("whatever was there, ours becomes as wanted and others' entries stay") {
    RandomTables random(3);
    for (int round = 0; round < 300; ++round) {
        const Table found = random.table();
        MemoryBackend kernel(found);
        MemoryAddresses host;
        Keeper keeper(kernel, host, {});
        TimePoint now{1h};
        keeper.round({}, now);
        Table before;
        Table others = found;
        for (int step = 0; step < 5; ++step) {
            const Table wanted = random.table();
            if (wanted.empty()) continue;
            for (const auto& [key, service] : wanted)
                others.erase(key);
            const auto report = keeper.round(want(step_to(wanted, before)), now);
            REQUIRE(report->in_sync);
            REQUIRE(without(kernel.table(), wanted) == others);
            for (const auto& [key, service] : wanted)
                REQUIRE(kernel.table().at(key) == service);
            kernel.forget_recorded();
            REQUIRE(keeper.round(want(wanted_of(wanted)), now)->applied.empty());
            REQUIRE(kernel.recorded().empty());
            before = wanted;
        }
    }
}

TEST_CASE("with refusals and other writers on the way, ours is as wanted in the end") {
    RandomTables random(4);
    std::mt19937 chance(4);
    for (int round = 0; round < 200; ++round) {
        MemoryBackend kernel(random.table());
        MemoryAddresses host;
        Keeper keeper(kernel, host, {.retry_longest = 1s});
        TimePoint now{1h};
        keeper.round({}, now);
        Table before;
        for (int step = 0; step < 5; ++step) {
            for (std::size_t n = 1; n < 20; ++n) {
                if (chance() % 4 == 0) kernel.refuse_nth(n, {ENOMEM, "Cannot allocate memory"});
            }
            for (const auto& [key, service] : random.table()) {
                if (!before.contains(key)) continue;  // a stranger rewrites or removes one of ours
                if (chance() % 2 == 0) kernel.behind_our_back()[key] = service;
                if (chance() % 4 == 0) kernel.behind_our_back().erase(key);
            }
            const Table wanted = random.table();
            keeper.round(want(step_to(wanted, before)), now);
            int rounds = 0;
            for (const TimePoint end = now + 30s; keeper.next_deadline() < end;) {
                REQUIRE(++rounds < 10000);
                now = std::max(now, keeper.next_deadline());
                keeper.round({}, now);
            }
            for (const auto& [key, service] : wanted) {
                REQUIRE(kernel.table().contains(key));
                REQUIRE(kernel.table().at(key) == service);
            }
            for (const auto& [key, service] : before) {
                if (!wanted.contains(key)) REQUIRE_FALSE(kernel.table().contains(key));
            }
            before = wanted;
        }
    }
}

TEST_CASE("a sync that is complete has no deadline of its own") {
    Reconciler reconciler({});
    reconciler.observe({});
    CHECK_FALSE(reconciler.in_sync());
    reconciler.want({});
    CHECK(reconciler.changes(TimePoint{}).empty());
    CHECK(reconciler.in_sync());
    CHECK_FALSE(reconciler.next_deadline());
}

TEST_CASE("an answer that got lost leads to reading, not to a refusal") {
    const ServiceKey vip = tcp("203.0.113.10:443");
    for (const int lost : {ENOBUFS, ETIMEDOUT}) {
        Reconciler reconciler({});
        reconciler.observe({});
        reconciler.want({{vip, pool({})}});
        const auto changes = reconciler.changes(TimePoint{});
        REQUIRE(changes.size() == 1);
        CHECK(reconciler.applied({{changes[0], KernelError{lost, ""}}}, TimePoint{}).empty());
        CHECK(reconciler.unread() == std::set<ServiceKey>{vip});
        CHECK(reconciler.changes(TimePoint{}).empty());
        CHECK(reconciler.observe(vip, pool({})).empty());  // it had been done
        CHECK(reconciler.changes(TimePoint{}).empty());
        CHECK(reconciler.in_sync());
    }
}
