#include "ipvs/table.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::ipvs;

TEST_CASE("a service is named by protocol and endpoint, or by its mark") {
    CHECK(to_string(tcp("203.0.113.10:443")) == "tcp 203.0.113.10:443");
    CHECK(to_string(udp("[2001:db8::1]:53")) == "udp [2001:db8::1]:53");
    CHECK(to_string(ServiceKey{FirewallMark{7, Family::ipv6}}) == "fwmark 7 ipv6");
    CHECK(to_string(server("[2001:db8::2]:80")) == "[2001:db8::2]:80");
}

TEST_CASE("the family of a service is its address's or its mark's") {
    CHECK(family(tcp("203.0.113.10:443")) == Family::ipv4);
    CHECK(family(tcp("[2001:db8::1]:443")) == Family::ipv6);
    CHECK(family(FirewallMark{7, Family::ipv6}) == Family::ipv6);
}

TEST_CASE("numbers without a name stay readable") {
    CHECK(to_string(static_cast<Protocol>(132)) == "protocol-132");
    CHECK(to_string(static_cast<Forwarding>(17)) == "forwarding-17");
    CHECK(to_string(Forwarding::tunnel) == "tunnel");
}
