#include "bgp/adj_rib_in.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

Update announcing(std::vector<Prefix> prefixes) {
    Update update;
    update.announced = std::move(prefixes);
    return update;
}

Update withdrawing(std::vector<Prefix> prefixes) {
    Update update;
    update.withdrawn = std::move(prefixes);
    return update;
}

}  // namespace

TEST_CASE("prefixes of the peer are counted once each, by family") {
    AdjRibIn rib(10);
    rib.take(announcing({host("192.0.2.1"), host("192.0.2.2"), host("2001:db8::1")}));
    rib.take(announcing({host("192.0.2.1")}));
    CHECK(rib.count(Family::ipv4) == 2);
    CHECK(rib.count(Family::ipv6) == 1);
    rib.take(withdrawing({host("192.0.2.1"), host("192.0.2.99")}));
    CHECK(rib.count(Family::ipv4) == 1);
    CHECK_FALSE(rib.exceeded());
}

TEST_CASE(
    "a prefix that is withdrawn and announced in one UPDATE is announced (RFC 4271 section 4.3)") {
    AdjRibIn rib(10);
    auto update = announcing({host("192.0.2.1")});
    update.withdrawn = {host("192.0.2.1")};
    rib.take(update);
    CHECK(rib.count(Family::ipv4) == 1);
}

TEST_CASE("beyond the limit nothing is kept, and that is remembered until the session ends") {
    AdjRibIn rib(2);
    rib.take(announcing({host("192.0.2.1"), host("192.0.2.2")}));
    CHECK_FALSE(rib.exceeded());
    rib.take(announcing({host("192.0.2.3"), host("192.0.2.1")}));
    CHECK(rib.exceeded());
    CHECK(rib.count(Family::ipv4) == 2);
    rib.take(withdrawing({host("192.0.2.1")}));
    CHECK(rib.exceeded());
    rib.clear();
    CHECK_FALSE(rib.exceeded());
    CHECK(rib.count(Family::ipv4) == 0);
}
