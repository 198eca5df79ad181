#include "src/base/address.hpp"

#include <catch2/catch.hpp>

using vipd::Address;
using vipd::Endpoint;
using vipd::Family;

TEST_CASE("an address is read and written in its canonical form") {
    CHECK(Address::parse("192.0.2.1")->to_string() == "192.0.2.1");
    CHECK(Address::parse("2001:DB8:0:0::1")->to_string() == "2001:db8::1");
    CHECK(Address::parse("::ffff:192.0.2.1")->family() == Family::ipv6);
}

TEST_CASE("what is not an address gives nothing") {
    using namespace std::string_view_literals;
    for (const auto text : {""sv, "192.0.2"sv, "192.0.2.1/32"sv, "[::1]"sv, "fe80::1%eth0"sv,
                            "host"sv, "192.0.2.1\0.3"sv, " 192.0.2.1"sv}) {
        CAPTURE(text);
        CHECK_FALSE(Address::parse(text));
    }
}

TEST_CASE("an address is made of 4 or 16 bytes only") {
    const std::array<std::uint8_t, 5> bytes{192, 0, 2, 1, 9};
    CHECK(Address::from_bytes(std::span(bytes).first(4)) == Address::parse("192.0.2.1"));
    CHECK_FALSE(Address::from_bytes(bytes));
}

TEST_CASE("an address knows its kind") {
    CHECK(Address::parse("127.9.9.9")->is_loopback());
    CHECK(Address::parse("::1")->is_loopback());
    CHECK_FALSE(Address::parse("128.0.0.1")->is_loopback());
    CHECK(Address::parse("::")->is_unspecified());
    CHECK(Address::parse("0.0.0.0")->is_unspecified());
    CHECK(Address::parse("239.1.1.1")->is_multicast());
    CHECK(Address::parse("ff02::1")->is_multicast());
    CHECK(Address::parse("febf::1")->is_link_local());
    CHECK_FALSE(Address::parse("fec0::1")->is_link_local());
    CHECK_FALSE(Address::parse("169.254.0.1")->is_link_local());
}

TEST_CASE("an endpoint is address and port, IPv6 in brackets") {
    CHECK(Endpoint::parse("192.0.2.1:179")->to_string() == "192.0.2.1:179");
    CHECK(Endpoint::parse("[2001:db8::1]:179")->to_string() == "[2001:db8::1]:179");
    for (const auto* text : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::1:179",
                             "[192.0.2.1]:179", "[2001:db8::1]", ":80", "192.0.2.1:8o", "[]:1"}) {
        CAPTURE(text);
        CHECK_FALSE(Endpoint::parse(text));
    }
}

TEST_CASE("equal addresses hash alike") {
    CHECK(std::hash<Address>{}(*Address::parse("2001:db8::1")) ==
          std::hash<Address>{}(*Address::parse("2001:db8:0::1")));
}
