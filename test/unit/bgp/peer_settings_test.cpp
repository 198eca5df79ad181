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
