#include "bgp/capability.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

Capabilities decoded(std::string_view hex_text) {
    Capabilities capabilities;
    REQUIRE(decode_capabilities(bytes(hex_text), capabilities));
    return capabilities;
}

bool is_malformed(std::string_view hex_text) {
    Capabilities capabilities;
    return !decode_capabilities(bytes(hex_text), capabilities);
}

}  // namespace

TEST_CASE("our offer names families, refresh and the four-octet AS") {
    Bytes out;
    Writer writer(out);
    encode_capabilities({.local_as = 64601,
                         .families = {Family::ipv4, Family::ipv6},
                         .graceful_restart = std::nullopt},
                        writer);
    CHECK(hex(out) == packed("0104 0001 00 01  0104 0002 00 01  0200  4104 0000fc59"));
}

TEST_CASE("graceful restart is offered with its flags and time") {
    GracefulRestart restart;
    restart.restart_time = std::chrono::seconds(30);
    restart.forwarding_preserved = {{Family::ipv4, true}, {Family::ipv6, false}};
    Offer offer{.local_as = 1, .families = {}, .graceful_restart = restart};
    const auto encoded = [&] {
        Bytes out;
        Writer writer(out);
        encode_capabilities(offer, writer);
        return hex(out);
    };
    CHECK(encoded() == packed("0200 400a 001e 00010180 00020100 4104 00000001"));
    offer.graceful_restart->restarted = true;
    CHECK(encoded() == packed("0200 400a 801e 00010180 00020100 4104 00000001"));
    offer.graceful_restart->restart_time = std::chrono::hours(9);  // 12 bits
    CHECK(encoded() == packed("0200 400a 8fff 00010180 00020100 4104 00000001"));
}

TEST_CASE("what BIRD offers is understood") {
    const auto offered =
        decoded("0104 00010001 0104 00020001 0200 4002 0078 4104 0000fde9 4600 4700");
    CHECK(offered.families == std::set<Family>{Family::ipv4, Family::ipv6});
    CHECK(offered.route_refresh);
    CHECK(offered.enhanced_route_refresh);
    CHECK_FALSE(offered.extended_message);
    CHECK(offered.four_octet_as == 65001U);
    REQUIRE(offered.graceful_restart);
    CHECK_FALSE(offered.graceful_restart->restarted);
    CHECK(offered.graceful_restart->restart_time == std::chrono::seconds(120));
    CHECK(offered.graceful_restart->forwarding_preserved.empty());
}

TEST_CASE("what FRR offers is understood, unknown codes and all") {
    const auto offered = decoded(
        "8000 0200 4600 4104 0000fdea 0600 4504 00010101 4911 0f64656269616e2d6672722d686f7374 00 "
        "4002 c078 4707 00010180000000");
    CHECK(offered.extended_message);
    CHECK(offered.graceful_restart->restarted);
    CHECK(offered.graceful_restart->notification);
    CHECK(offered.codes == std::set<std::uint8_t>{2, 6, 64, 65, 69, 70, 71, 73, 128});
}

TEST_CASE("families that we do not speak are left out") {
    const auto offered = decoded("0104 00010080 0104 00190041");
    CHECK(offered.multiprotocol);
    CHECK(offered.families.empty());
}

TEST_CASE("the same capability twice does no harm") {
    CHECK(decoded("0200 0200 4104 00000001 4104 00000002").four_octet_as == 2U);
}

TEST_CASE("capabilities of a wrong length are malformed") {
    CHECK(is_malformed("01"));
    CHECK(is_malformed("0105 00010001"));
    CHECK(is_malformed("0103 000100"));
    CHECK(is_malformed("0105 0001000100"));
    CHECK(is_malformed("0201 00"));
    CHECK(is_malformed("4103 000001"));
    CHECK(is_malformed("4001 00"));
    CHECK(is_malformed("4003 001e00"));
    CHECK(is_malformed("4600 ff"));
}

TEST_CASE("a graceful restart capability is read back as it was written") {
    GracefulRestart restart;
    restart.restarted = true;
    restart.restart_time = std::chrono::seconds(4095);
    restart.forwarding_preserved = {{Family::ipv6, true}};
    Bytes out;
    Writer writer(out);
    encode_capabilities(
        {.local_as = 4200000000, .families = {Family::ipv6}, .graceful_restart = restart}, writer);
    Capabilities capabilities;
    REQUIRE(decode_capabilities(out, capabilities));
    CHECK(capabilities.graceful_restart == restart);
    CHECK(capabilities.four_octet_as == 4200000000U);
}
