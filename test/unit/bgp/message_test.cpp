#include "bgp/message.hpp"

#include "bgp/framer.hpp"
#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

const UpdateContext session{.local_as = 65010,
                            .ibgp = false,
                            .four_octet_as = true,
                            .families = {Family::ipv4, Family::ipv6}};

Decoded<Message> open_of(std::string_view hex_text) {
    return decode(MessageType::open, bytes(hex_text), session);
}

Decoded<Message> update_of(std::string_view hex_text) {
    return decode(MessageType::update, bytes(hex_text), session);
}

constexpr auto bird_open =
    "04 fde9 0009 c0000201 1e 021c 0104 0001 00 01 0104 0002 00 01 0200 4002 0078 4104 0000fde9 "
    "4600 4700";

}  // namespace

TEST_CASE("our OPEN is what the RFCs say") {
    const Offer offer{
        .local_as = 65010, .families = {Family::ipv4}, .graceful_restart = std::nullopt};
    CHECK(hex(encode_open(offer, std::chrono::seconds(9), 0xc000020a)) ==
          packed("ffffffffffffffffffffffffffffffff 002d 01"
                 "04 fdf2 0009 c000020a 10 020e 0104 0001 00 01 0200 4104 0000fdf2"));
}

TEST_CASE("an AS that does not fit 16 bits is AS_TRANS in the old field") {
    const Offer offer{.local_as = 4200000000, .families = {}, .graceful_restart = std::nullopt};
    const auto open = encode_open(offer, std::chrono::seconds(90), 1);
    CHECK(hex(std::span(open).subspan(20, 2)) == "5ba0");
    const auto decoded = decode(MessageType::open, std::span(open).subspan(header_size), session);
    REQUIRE(decoded.has_value());
    CHECK(std::get<Open>(*decoded).as() == 4200000000);
    CHECK(std::get<Open>(*decoded).as16 == as_trans);
}

TEST_CASE("an OPEN from BIRD is read") {
    const auto decoded = open_of(bird_open);
    REQUIRE(decoded.has_value());
    const auto& open = std::get<Open>(*decoded);
    CHECK(open.as() == 65001);
    CHECK(open.hold_time == std::chrono::seconds(9));
    CHECK(open.router_id == 0xc0000201);
    CHECK(open.capabilities.families == std::set<Family>{Family::ipv4, Family::ipv6});
}

TEST_CASE("an OPEN with one parameter for each capability is read") {
    const auto decoded =
        open_of("04 fdea 00b4 c0000202 14 0202 8000 0202 0200 0206 4104 0000fdea 0202 4600");
    REQUIRE(decoded.has_value());
    CHECK(std::get<Open>(*decoded).capabilities.enhanced_route_refresh);
}

TEST_CASE("an OPEN without multiprotocol capability means IPv4 alone") {
    const auto decoded = open_of("04 fde9 0009 c0000201 00");
    REQUIRE(decoded.has_value());
    CHECK(std::get<Open>(*decoded).as() == 65001);
    CHECK(std::get<Open>(*decoded).capabilities.families == std::set<Family>{Family::ipv4});
    const auto only_v6 = open_of("04 fde9 0009 c0000201 08 0206 0104 0002 0001");
    CHECK(std::get<Open>(*only_v6).capabilities.families == std::set<Family>{Family::ipv6});
}

TEST_CASE("the long form of optional parameters is accepted (RFC 9072)") {
    const auto decoded = open_of("04 fde9 0009 c0000201 ff ff 0009 02 0006 4104 0000fde9");
    REQUIRE(decoded.has_value());
    CHECK(std::get<Open>(*decoded).capabilities.four_octet_as == 65001U);
    CHECK(open_of("04 fde9 0009 c0000201 0c ff 0009 02 0006 4104 0000fde9").has_value());
    const auto foreign = std::string(508, '0');
    const auto big = open_of("04 fde9 0009 c0000201 ff ff 0103 02 0100 c8fe" + foreign);
    CHECK(big.has_value());
}

TEST_CASE("errors of an OPEN in the order of RFC 4271 section 6.2") {
    CHECK(error_of(open_of("03 fde9 0009 c0000201 00")) ==
          "2/1 OPEN Message Error, Unsupported Version Number: data 0004");
    CHECK(error_of(open_of("04 0000 0009 c0000201 00")) == "2/2 OPEN Message Error, Bad Peer AS");
    CHECK(error_of(open_of("04 5ba0 0009 c0000201 08 0206 4104 00000000")) ==
          "2/2 OPEN Message Error, Bad Peer AS");
    for (const auto* hold : {"0001", "0002"}) {
        CHECK(error_of(open_of("04 fde9" + std::string(hold) + "c0000201 00")) ==
              "2/6 OPEN Message Error, Unacceptable Hold Time");
    }
    CHECK(open_of("04 fde9 0000 c0000201 00").has_value());
    CHECK(open_of("04 fde9 0003 c0000201 00").has_value());
    CHECK(error_of(open_of("04 fde9 0009 00000000 00")) ==
          "2/3 OPEN Message Error, Bad BGP Identifier");
    CHECK(open_of("04 fde9 0009 e0000001 00").has_value());  // RFC 6286: any but zero
    CHECK(error_of(open_of("04 fde9 0009 c0000201 02 0100")) ==
          "2/4 OPEN Message Error, Unsupported Optional Parameter");
    CHECK(error_of(open_of("04 fde9 0009 c0000201 04 0202 0201")) == "2/0 OPEN Message Error");
    CHECK(error_of(open_of("04 fde9 0009 c0000201 05 0202 0200")) == "2/0 OPEN Message Error");
    CHECK(error_of(open_of("04 fde9 0009 c0000201 03 0202 0200")) == "2/0 OPEN Message Error");
    CHECK(error_of(open_of("04 fde9 0009 c0000201 01 02")) == "2/0 OPEN Message Error");
    CHECK(error_of(open_of("04 fde9 0009 c0000201 ff ff 00")) == "2/0 OPEN Message Error");
}

TEST_CASE("an UPDATE of both families is read") {
    const auto decoded = update_of(
        "0005 20cb007101 0036 800e1f 0002 01 10 20010db8000000000000000000000001 00 40 "
        "20010db8000f0000 00"
        "400101 00 400206 0201 0000fde9 400304 c0000201  18 cb0072");
    REQUIRE(error_of(decoded) == "none");
    const auto& update = std::get<Update>(*decoded);
    CHECK(update.withdrawn == std::vector{host("203.0.113.1")});
    CHECK(update.announced == std::vector<Prefix>{{address("203.0.114.0"), 24},
                                                  {address("2001:db8:f::"), 64},
                                                  {address("::"), 0}});
    CHECK_FALSE(update.end_of_rib);
}

TEST_CASE("treated as withdrawn means that its routes are withdrawn") {
    const auto decoded = update_of("0000 0007 40010107 400200 20cb00710a");
    REQUIRE(decoded.has_value());
    const auto& update = std::get<Update>(*decoded);
    CHECK(update.severity == Severity::treat_as_withdraw);
    CHECK(update.announced.empty());
    CHECK(update.withdrawn == std::vector{host("203.0.113.10")});
}

TEST_CASE("routes of a family that was not negotiated do not count") {
    auto only_v6 = session;
    only_v6.families = {Family::ipv6};
    const auto decoded =
        decode(MessageType::update,
               bytes("0005 20cb007101 0014 40010100 4002060201 0000fde9 400304c0000201 18cb0072"),
               only_v6);
    REQUIRE(decoded.has_value());
    CHECK(std::get<Update>(*decoded).announced.empty());
    CHECK(std::get<Update>(*decoded).withdrawn.empty());
}

TEST_CASE("End-of-RIB markers are recognised in every form") {
    const auto marker_of = [](std::string_view body) {
        return std::get<Update>(*update_of(body)).end_of_rib;
    };
    CHECK(marker_of("0000 0000") == Family::ipv4);
    CHECK(marker_of("0000 0006 800f03 0002 01") == Family::ipv6);
    CHECK(marker_of("0000 0007 900f 0003 0002 01") == Family::ipv6);
    CHECK(marker_of("0000 0006 800f03 0001 01") == Family::ipv4);
    CHECK_FALSE(marker_of("0000 0006 800f03 0002 80"));
    CHECK_FALSE(marker_of("0000 000a 800f03 0002 01 40010100"));
    CHECK_FALSE(marker_of("0005 20cb007101 0000"));
    CHECK_FALSE(marker_of("0000 0008 800f05 0002 01 0820"));
}

TEST_CASE("NOTIFICATION and ROUTE-REFRESH are read") {
    const auto notification = decode(MessageType::notification, bytes("06 02 02 6869"), session);
    CHECK(std::get<Notification>(*notification) ==
          Notification{ErrorCode::cease, 2, bytes("026869")});
    const auto refresh = decode(MessageType::route_refresh, bytes("0002 00 01"), session);
    CHECK(std::get<RouteRefresh>(*refresh) == RouteRefresh{.afi = 2, .subtype = 0, .safi = 1});
}

TEST_CASE("a NOTIFICATION larger than a message is cut") {
    const auto message = encode_notification({ErrorCode::update_message, 1, Bytes(5000, 1)});
    CHECK(message.size() == largest_message);
}

TEST_CASE("every message cut at every offset is either waited for or refused, never read past") {
    const std::vector<std::pair<MessageType, Bytes>> messages{
        {MessageType::open, bytes(bird_open)},
        {MessageType::open, bytes("04 fde9 0009 c0000201 ff ff 0009 02 0006 4104 0000fde9")},
        {MessageType::update,
         bytes(
             "0005 20cb007101 0059 800e19 0002 01 10 20010db8000000000000000000000001 00 18 20010d"
             "400101 00 400206 0201 0000fde9 400304 c0000201 800404 0000000a c00804 fc580064"
             "c0200c 000000010000000200000003 800f05 0002 01 08 20 18 cb0072")},
        {MessageType::notification, bytes("0602 02 6869")},
        {MessageType::route_refresh, bytes("0001 00 01")}};
    for (const auto& [type, body] : messages) {
        INFO(to_string(type));
        REQUIRE(error_of(decode(type, body, session)) == "none");
        for (std::size_t length = 0; length < body.size(); ++length) {
            const Bytes cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length));
            const auto whole = decode(type, cut, session);  // a shorter message, honestly framed
            if (type == MessageType::open) CHECK_FALSE(whole.has_value());

            auto announced = framed(type, body);
            announced.resize(header_size + length);
            Framer framer;
            framer.feed(announced);
            CHECK_FALSE(framer.next().has_value());
        }
    }
}
