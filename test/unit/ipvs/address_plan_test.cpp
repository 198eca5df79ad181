#include "ipvs/address_plan.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace vipd;
using namespace vipd::ipvs;
using namespace std::chrono_literals;

namespace {

const VipAddress v4{"lo", Address::parse("203.0.113.10").value()};
const VipAddress v6{"lo", Address::parse("2001:db8:f::10").value()};
const TimePoint now{1h};
using Addresses = std::vector<VipAddress>;

}  // namespace

TEST_CASE("nothing is due before the host was looked at") {
    AddressPlan plan({});
    plan.want({{v4, true}});
    CHECK(plan.has_unread());
    CHECK(plan.to_add(now).empty());
    CHECK_FALSE(plan.in_sync());
}

TEST_CASE("what is missing is added, what is there is adopted") {
    AddressPlan plan({});
    plan.want({{v4, true}, {v6, true}});
    CHECK(plan.observe({v4}) == std::map<VipAddress, bool>{{v4, true}, {v6, false}});
    CHECK(plan.to_add(now) == Addresses{v6});
    plan.done(v6);
    CHECK(plan.to_add(now).empty());
    CHECK(plan.in_sync());
    CHECK(plan.observe({v4, v6}).empty());
}

TEST_CASE("an address that is no longer wanted is removed and forgotten") {
    AddressPlan plan({});
    plan.want({{v4, true}});
    plan.observe({v4});
    plan.want({{v4, false}});
    CHECK(plan.to_remove(now) == Addresses{v4});
    plan.done(v4);
    CHECK(plan.observe({v4}).empty());
    CHECK(plan.to_remove(now).empty());
    CHECK(plan.in_sync());
}

TEST_CASE("a refused address waits twice as long each time, up to the longest pause") {
    AddressPlan plan({.retry_first = 1s, .retry_longest = 3s});
    plan.want({{v4, true}});
    plan.observe({});
    plan.refused(v4, {ENODEV, "no such device"}, now);
    CHECK(plan.errors().at(v4).code == ENODEV);
    CHECK(plan.to_add(now).empty());
    CHECK(plan.next_deadline() == now + 1s);
    CHECK(plan.to_add(now + 1s) == Addresses{v4});
    plan.refused(v4, {ENODEV, "no such device"}, now + 1s);
    CHECK(plan.next_deadline() == now + 3s);
    plan.refused(v4, {ENODEV, "no such device"}, now + 3s);
    CHECK(plan.next_deadline() == now + 6s);
    plan.done(v4);
    CHECK(plan.errors().empty());
    CHECK_FALSE(plan.next_deadline());
}

TEST_CASE("an address that appears by itself ends its refusal") {
    AddressPlan plan({});
    plan.want({{v4, true}});
    plan.observe({});
    plan.refused(v4, {ENODEV, "no such device"}, now);
    plan.observe({v4});
    CHECK(plan.errors().empty());
    CHECK(plan.in_sync());
}
