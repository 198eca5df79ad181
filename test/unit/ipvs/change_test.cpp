#include "ipvs/change.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::ipvs;

TEST_CASE("a change reads as a sentence") {
    const auto vip = tcp("203.0.113.10:443");
    const auto cp1 = server("10.0.0.11:443");
    ServiceOptions options;
    options.scheduler = "mh";
    options.scheduler_flags = 24;
    options.persistence = Persistence{.timeout_seconds = 300, .prefix_length = 24, .engine = ""};
    options.one_packet = true;
    CHECK(to_string(Change{AddService{vip, options}}) ==
          "add service tcp 203.0.113.10:443 scheduler mh flags 24 persistent 300 s /24 one-packet");
    CHECK(to_string(Change{EditService{vip, {}}}) ==
          "edit service tcp 203.0.113.10:443 scheduler wrr");
    CHECK(to_string(Change{RemoveService{vip}}) == "remove service tcp 203.0.113.10:443");
    CHECK(to_string(Change{AddDestination{vip, cp1, weighing(10)}}) ==
          "add destination 10.0.0.11:443 weight 10 to tcp 203.0.113.10:443");
    CHECK(to_string(Change{EditDestination{vip, cp1, weighing(0)}}) ==
          "edit destination 10.0.0.11:443 weight 0 of tcp 203.0.113.10:443");
    CHECK(to_string(Change{RemoveDestination{vip, cp1}}) ==
          "remove destination 10.0.0.11:443 from tcp 203.0.113.10:443");
}

TEST_CASE("a change knows its service and its target") {
    const auto vip = tcp("203.0.113.10:443");
    const auto cp1 = server("10.0.0.11:443");
    CHECK(ipvs::service_of(Change{RemoveDestination{vip, cp1}}) == vip);
    CHECK(target_of(Change{RemoveDestination{vip, cp1}}) == Target{vip, cp1});
    CHECK(target_of(Change{RemoveService{vip}}) == Target{vip, std::nullopt});
}
