#include "bgp/types.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

TEST_CASE("a prefix is written with its length") {
    CHECK(host("203.0.113.10").to_string() == "203.0.113.10/32");
    CHECK(host("2001:db8::1").to_string() == "2001:db8::1/128");
}

TEST_CASE("communities are read as two 16-bit numbers or a registered name") {
    CHECK(parse_community("64600:100") == 0xfc580064U);
    CHECK(parse_community("65535:65535") == 0xffffffffU);
    CHECK(parse_community("0:0") == 0U);
    CHECK(parse_community("no-export") == 0xffffff01U);
    CHECK(parse_community("graceful-shutdown") == graceful_shutdown);
}

TEST_CASE("what is no community is refused") {
    for (const auto* text : {"", ":", "1:", ":1", "1", "65536:1", "1:65536", "1:2:3", "-1:2",
                             "1:2 ", " 1:2", "0x1:2", "NO-EXPORT", "4294967297:1"}) {
        INFO(text);
        CHECK_FALSE(parse_community(text));
    }
}

TEST_CASE("a community is shown as it is written") {
    CHECK(to_string_community(0xfc580064U) == "64600:100");
    CHECK(to_string_community(0xffffff01U) == "no-export");
    CHECK(to_string_community(0xffff029aU) == "blackhole");
}

TEST_CASE("large communities are three 32-bit numbers") {
    CHECK(parse_large_community("64600:1:4294967295") == LargeCommunity{64600, 1, 4294967295});
    CHECK(to_string(LargeCommunity{64600, 1, 2}) == "64600:1:2");
    for (const auto* text : {"", "1", "1:2", "1:2:", "1:2:3:4", "1:2:4294967296", "a:b:c"}) {
        INFO(text);
        CHECK_FALSE(parse_large_community(text));
    }
}

TEST_CASE("session states have the names of the interface") {
    CHECK(to_string(SessionState::idle) == "idle");
    CHECK(to_string(SessionState::open_confirm) == "open-confirm");
    CHECK(to_string(SessionState::established) == "established");
}
