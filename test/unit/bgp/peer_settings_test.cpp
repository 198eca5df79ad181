#include "bgp/peer_settings.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

RouteAttributes route() {
    RouteAttributes attributes;
    attributes.med = 10;
    attributes.prepend = 1;
    attributes.communities = {5, 7};
    return attributes;
}

}  // namespace

TEST_CASE("without overrides a route stays as it is") {
    CHECK(overridden({}, host("192.0.2.1"), route()) == route());
}

TEST_CASE("a peer's own preference replaces the VIP's, its communities are added") {
    RouteOverrides overrides;
    overrides.med = 99;
    overrides.local_pref = 50;
    overrides.prepend = 0;
    overrides.add_communities = {6, 5};
    overrides.add_large_communities = {{1, 2, 3}};
    const auto result = overridden(overrides, host("192.0.2.1"), route());
    REQUIRE(result);
    CHECK(result->med == 99U);
    CHECK(result->local_pref == 50U);
    CHECK(result->prepend == 0);
    CHECK(result->communities == std::vector<Community>{5, 6, 7});
    CHECK(result->large_communities == std::vector<LargeCommunity>{{1, 2, 3}});
}

TEST_CASE("what is to look worse does so with a peer's own preference too") {
    auto worse = route();
    worse.worse = {.med = 100, .local_pref = 30, .prepend = 2};
    const auto plain = overridden({}, host("192.0.2.1"), worse);
    CHECK(plain->med == 110U);
    CHECK(plain->local_pref == 70U);
    CHECK(plain->prepend == 3);
    CHECK(plain->worse == Worsening{});
    RouteOverrides overrides;
    overrides.med = 500;
    overrides.local_pref = 200;
    overrides.prepend = 5;
    const auto own = overridden(overrides, host("192.0.2.1"), worse);
    CHECK(own->med == 600U);
    CHECK(own->local_pref == 170U);
    CHECK(own->prepend == 7);
}

TEST_CASE("a worse route never looks as bad as one that is leaving, nor better than it was") {
    auto worse = route();
    worse.med = 4294967000;
    worse.worse = {.med = 4294967295, .local_pref = 4294967295, .prepend = 255};
    CHECK(overridden({}, host("192.0.2.1"), worse)->med == 4294967294U);
    CHECK(overridden({}, host("192.0.2.1"), worse)->local_pref == 1U);
    CHECK(overridden({}, host("192.0.2.1"), worse)->prepend == 32);
    worse.local_pref = 0;
    worse.med = 4294967295;
    CHECK(overridden({}, host("192.0.2.1"), worse)->med == 4294967295U);
    CHECK(overridden({}, host("192.0.2.1"), worse)->local_pref == 0U);
}

TEST_CASE("a peer may be told of some prefixes only") {
    RouteOverrides overrides;
    overrides.only = std::set<Prefix>{host("192.0.2.1")};
    CHECK(overridden(overrides, host("192.0.2.1"), route()));
    CHECK_FALSE(overridden(overrides, host("192.0.2.2"), route()));
    overrides.only->clear();
    CHECK_FALSE(overridden(overrides, host("192.0.2.1"), route()));
}

TEST_CASE("no override makes a route that is leaving look better") {
    auto leaving = route();
    leaving.med = 4294967295;
    leaving.prepend = 5;
    leaving.local_pref = 0;
    leaving.communities.push_back(graceful_shutdown);
    RouteOverrides overrides;
    overrides.med = 1;
    overrides.local_pref = 500;
    overrides.prepend = 2;
    overrides.add_communities = {6};
    const auto result = overridden(overrides, host("192.0.2.1"), leaving);
    REQUIRE(result);
    CHECK(result->med == 4294967295U);
    CHECK(result->local_pref == 0U);
    CHECK(result->prepend == 5);
    CHECK(result->communities == std::vector<Community>{5, 6, 7, graceful_shutdown});
    overrides.prepend = 9;
    CHECK(overridden(overrides, host("192.0.2.1"), leaving)->prepend == 9);
}
