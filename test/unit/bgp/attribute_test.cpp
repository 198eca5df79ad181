#include "bgp/attribute.hpp"

#include "bgp/message.hpp"
#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

UpdateContext context(bool ibgp, bool four_octet_as = true) {
    return {.local_as = 65010,
            .ibgp = ibgp,
            .four_octet_as = four_octet_as,
            .families = {Family::ipv4, Family::ipv6}};
}

/// The reaction and the NOTIFICATION of RFC 4271 that goes, or would have gone, with it.
std::string judged(const Bytes& body, const UpdateContext& session) {
    const auto decoded = decode(MessageType::update, body, session);
    if (!decoded) return "reset: " + error_of(decoded);
    const auto& update = std::get<Update>(*decoded);
    if (update.severity == Severity::none) return "ok";
    if (update.severity == Severity::treat_as_withdraw) CHECK(update.announced.empty());
    const auto& problems = update.attributes.problems;
    const auto strongest =
        std::ranges::find(problems, update.severity, &AttributeProblem::severity);
    const auto* reaction =
        update.severity == Severity::attribute_discard ? "discard: " : "withdraw: ";
    return reaction + to_string(strongest->notification);
}

// ORIGIN IGP, AS_PATH 65001, NEXT_HOP 192.0.2.1; and one prefix.
const std::string origin = "400101 00";
const std::string as_path = "400206 0201 0000fde9";
const std::string next_hop = "400304 c0000201";
const std::string nlri = "20 cb00710a";
const std::string mandatory = origin + as_path + next_hop;

struct Row {
    std::string_view wrong;
    std::string attributes;
    std::string external;
    std::string internal;
    std::string nlri = ::nlri;
};

void check(const Row& row) {
    INFO(row.wrong);
    const auto body = update_body(bytes(row.attributes), bytes(row.nlri));
    CHECK(judged(body, context(false)) == row.external);
    CHECK(judged(body, context(true)) == row.internal);
}

Row same(std::string_view wrong, std::string attributes, const std::string& reaction,
         std::string routes = nlri) {
    return {wrong, std::move(attributes), reaction, reaction, std::move(routes)};
}

const std::string withdraw = "withdraw: ";
const std::string discard = "discard: ";
const std::string reset = "reset: ";
const std::string flags_error = "3/4 UPDATE Message Error, Attribute Flags Error: data ";
const std::string length_error = "3/5 UPDATE Message Error, Attribute Length Error: data ";
const std::string optional_error = "3/9 UPDATE Message Error, Optional Attribute Error: data ";
const std::string missing = "3/3 UPDATE Message Error, Missing Well-known Attribute: data ";
const std::string list_error = "3/1 UPDATE Message Error, Malformed Attribute List";
const std::string path_error = "3/11 UPDATE Message Error, Malformed AS_PATH";

}  // namespace

TEST_CASE("RFC 7606 section 3 c: wrong flags withdraw") {
    check(same("ORIGIN optional", "c00101 00" + as_path + next_hop,
               withdraw + flags_error + "c0010100"));
    check(same("AS_PATH not transitive", origin + "000206 0201 0000fde9" + next_hop,
               withdraw + flags_error + "00020602010000fde9"));
    check(same("NEXT_HOP optional", origin + as_path + "c00304 c0000201",
               withdraw + flags_error + "c00304c0000201"));
    check(same("MED transitive", mandatory + "c00404 00000001",
               withdraw + flags_error + "c0040400000001"));
    check(same("COMMUNITIES not transitive", mandatory + "800804 00010001",
               withdraw + flags_error + "80080400010001"));
    check(same("LARGE_COMMUNITIES well-known", mandatory + "40200c 000000010000000200000003",
               withdraw + flags_error + "40200c000000010000000200000003"));
    check(
        same("ATOMIC_AGGREGATE optional", mandatory + "c00600", withdraw + flags_error + "c00600"));
}

TEST_CASE("the partial bit, the extended length bit and the low nibble say nothing") {
    check(same("low nibble", "4f01 01 00" + as_path + next_hop, "ok"));
    check(same("partial", mandatory + "e00804 00010001", "ok"));
    check(same("two-octet length of a short value", mandatory + "9004 0004 00000001", "ok"));
}

TEST_CASE("RFC 7606 section 3 d: a missing mandatory attribute withdraws") {
    check(same("ORIGIN", as_path + next_hop, withdraw + missing + "01"));
    check(same("AS_PATH", origin + next_hop, withdraw + missing + "02"));
    check(same("NEXT_HOP", origin + as_path, withdraw + missing + "03"));
    check(same("none at all", "", withdraw + missing + "01"));
    const std::string reach =
        "800e1e 0002 01 10 20010db8000000000000000000000001 00 40 20010db800000000";
    check(same("ORIGIN with MP_REACH_NLRI", reach + as_path, withdraw + missing + "01", ""));
    check(same("NEXT_HOP is not needed with MP_REACH_NLRI", reach + origin + as_path, "ok", ""));
}

TEST_CASE("RFC 7606 section 3 g: a repeated attribute") {
    check(same("ORIGIN", origin + mandatory, discard + list_error));
    check(same("the first one counts", origin + "400101 07" + as_path + next_hop,
               discard + list_error));
    check(same("an unknown one", mandatory + "c0c800 c0c800", discard + list_error));
    const std::string unreach = "800f03 0002 01";
    check(same("MP_UNREACH_NLRI", unreach + unreach, reset + list_error, ""));
    const std::string reach = "800e15 0002 01 10 20010db8000000000000000000000001 00";
    check(same("MP_REACH_NLRI", reach + reach + mandatory, reset + list_error));
    const std::string foreign = "800e09 0001 80 04 c0000201 00";
    check(same("MP_REACH_NLRI of families we do not speak", foreign + foreign + mandatory,
               reset + list_error));
}

TEST_CASE("RFC 7606 section 3 h: the strongest reaction decides") {
    check(same("discard and withdraw", mandatory + "400601 00 800405 0000000000",
               withdraw + length_error + "8004050000000000"));
    check(same("withdraw and reset", "400101 07" + as_path + next_hop + "800f02 0002",
               reset + optional_error + "800f020002"));
}

TEST_CASE("RFC 7606 section 4: attribute lengths that do not add up") {
    check(same("an attribute over the end", mandatory + "800404 0000",
               withdraw + length_error + "8004040000"));
    check(same("one octet left", mandatory + "80", withdraw + length_error + "80"));
    check(same("two octets left", mandatory + "8004", withdraw + length_error + "8004"));
    check(same("three octets left with a two-octet length", mandatory + "900400",
               withdraw + length_error + "900400"));
    check(
        same("an empty ORIGIN", "400100" + as_path + next_hop, withdraw + length_error + "400100"));
    check({"an empty AS_PATH is what internal peers originate", origin + "400200" + next_hop, "ok",
           "ok"});
}

TEST_CASE("RFC 7606 section 5.2: an error that would withdraw, and nothing to withdraw") {
    check(same("bad MED beside MP_UNREACH_NLRI", "800f03 0002 01 800405 0000000000",
               reset + length_error + "8004050000000000", ""));
    check(same("bad ORIGIN alone", "400101 07",
               reset + "3/6 UPDATE Message Error, Invalid ORIGIN Attribute: data 40010107", ""));
    check(same("an error to discard", "800f03 0002 01 400601 00",
               discard + length_error + "40060100", ""));
}

TEST_CASE("RFC 7606 section 5.3: NLRI whose end cannot be found") {
    const auto network = reset + "3/10 UPDATE Message Error, Invalid Network Field";
    check(same("33 bits", mandatory, network, "21 cb00710a00"));
    check(same("over the end", mandatory, network, "20 cb0071"));
    CHECK(judged(bytes("0002 21cb 0000"), context(false)) == network);
    CHECK(judged(bytes("0003 18cb00 0000"), context(true)) == network);
    const std::string long_prefix = "800f05 0002 01 81 00";
    check(same("129 bits", long_prefix, reset + optional_error + "800f0500020181" + "00", ""));
    check(same("IPv6 over the end", "800f05 0002 01 10 20",
               reset + optional_error + "800f050002011020", ""));
}

TEST_CASE("lengths of the fields that do not fit into the UPDATE") {
    CHECK(judged(bytes("0001 0000"), context(false)) == reset + list_error);
    CHECK(judged(bytes("ffff 0000"), context(false)) == reset + list_error);
    CHECK(judged(bytes("0000 0001"), context(true)) == reset + list_error);
    CHECK(judged(bytes("0000 ffff 00"), context(true)) == reset + list_error);
}

TEST_CASE("RFC 7606 section 7.1: ORIGIN") {
    const std::string rest = as_path + next_hop;
    check(same("two octets", "400102 0000" + rest, withdraw + length_error + "4001020000"));
    check(same("an undefined value", "400101 03" + rest,
               withdraw + "3/6 UPDATE Message Error, Invalid ORIGIN Attribute: data 40010103"));
    check(same("EGP", "400101 01" + rest, "ok"));
    check(same("INCOMPLETE", "400101 02" + rest, "ok"));
}

TEST_CASE("RFC 7606 section 7.2: AS_PATH") {
    const auto with_path = [](const std::string& path) { return origin + path + next_hop; };
    check(same("unknown segment", with_path("400206 0501 0000fde9"), withdraw + path_error));
    check(same("segment over the end", with_path("400206 0202 0000fde9"), withdraw + path_error));
    check(same("a stray octet", with_path("400207 0201 0000fde9 02"), withdraw + path_error));
    check(same("an empty segment", with_path("400202 0200"), withdraw + path_error));
    check(same("AS 0 (RFC 7607)", with_path("400206 0201 00000000"), withdraw + path_error));
    check(same("AS_SET", with_path("400206 0101 0000fde9"), "ok"));
    check({"a confederation segment (RFC 5065)", with_path("400206 0301 0000fde9"),
           withdraw + path_error, "ok"});
    check({"a confederation set", with_path("400206 0401 0000fde9"), withdraw + path_error, "ok"});
}

TEST_CASE("RFC 7606 section 7.3: NEXT_HOP") {
    const auto with_hop = [](const std::string& hop) { return origin + as_path + hop; };
    check(same("five octets", with_hop("400305 c000020100"),
               withdraw + length_error + "400305c000020100"));
    for (const auto* hop : {"00000000", "7f000001", "e0000001", "f0000001", "ffffffff"}) {
        check(same(
            hop, with_hop("400304" + std::string(hop)),
            withdraw + "3/8 UPDATE Message Error, Invalid NEXT_HOP Attribute: data 400304" + hop));
    }
}

TEST_CASE("RFC 7606 sections 7.4 and 7.5: MED and LOCAL_PREF") {
    check(same("MED of three octets", mandatory + "800403 000000",
               withdraw + length_error + "800403000000"));
    check({"LOCAL_PREF", mandatory + "400504 00000064", discard + flags_error + "40050400000064",
           "ok"});
    check({"LOCAL_PREF of three octets", mandatory + "400503 000000",
           discard + flags_error + "400503000000", withdraw + length_error + "400503000000"});
}

TEST_CASE("RFC 7606 sections 7.6 and 7.7: ATOMIC_AGGREGATE and AGGREGATOR are only discarded") {
    check(same("ATOMIC_AGGREGATE with a value", mandatory + "400601 00",
               discard + length_error + "40060100"));
    check(same("ATOMIC_AGGREGATE", mandatory + "400600", "ok"));
    check(same("AGGREGATOR of six octets", mandatory + "c00706 fde9 c0000201",
               discard + length_error + "c00706fde9c0000201"));
    check(same("AGGREGATOR with AS 0 (RFC 7607)", mandatory + "c00708 00000000 c0000201",
               discard + optional_error + "c0070800000000c0000201"));
    check(same("AGGREGATOR", mandatory + "c00708 0000fde9 c0000201", "ok"));
}

TEST_CASE("RFC 7606 sections 7.8 and 7.14, RFC 8092: communities of all kinds") {
    check(same("COMMUNITIES of three octets", mandatory + "c00803 000100",
               withdraw + optional_error + "c00803000100"));
    check(same("no COMMUNITIES", mandatory + "c00800", withdraw + optional_error + "c00800"));
    check(same("extended of seven", mandatory + "c01007 00000000000000",
               withdraw + optional_error + "c0100700000000000000"));
    check(same("no extended ones", mandatory + "c01000", withdraw + optional_error + "c01000"));
    check(same("IPv6 extended of eight", mandatory + "c01908 0000000000000000",
               withdraw + optional_error + "c019080000000000000000"));
    check(same("large ones of eleven", mandatory + "c0200b 0000000000000000000000",
               withdraw + optional_error + "c0200b0000000000000000000000"));
    check(same("no large ones", mandatory + "c02000", withdraw + optional_error + "c02000"));
    check(
        same("good ones",
             mandatory + "c00804 00010001 c01008 0002000100000001 c0200c 000000010000000200000003",
             "ok"));
}

TEST_CASE("RFC 7606 sections 7.9 and 7.10: ORIGINATOR_ID and CLUSTER_LIST") {
    check({"ORIGINATOR_ID", mandatory + "800904 c0000201", discard + flags_error + "800904c0000201",
           "ok"});
    check({"ORIGINATOR_ID of five octets", mandatory + "800905 c000020100",
           discard + flags_error + "800905c000020100",
           withdraw + optional_error + "800905c000020100"});
    check({"CLUSTER_LIST", mandatory + "800a04 c0000201", discard + flags_error + "800a04c0000201",
           "ok"});
    check({"an empty CLUSTER_LIST", mandatory + "800a00", discard + flags_error + "800a00",
           withdraw + optional_error + "800a00"});
}

TEST_CASE("RFC 7606 section 7.11: MP_REACH_NLRI") {
    check(same("four octets", "800e04 00020100" + mandatory,
               reset + optional_error + "800e0400020100"));
    check(same("an IPv6 next hop of four octets", "800e09 0002 01 04 c0000201 00" + mandatory,
               reset + optional_error + "800e0900020104c000020100"));
    check(same("an IPv4 next hop of sixteen octets (RFC 8950 was not offered)",
               "800e15 0001 01 10 20010db8000000000000000000000001 00" + mandatory,
               reset + optional_error + "800e150001011020010db800000000000000000000000100"));
    check(same("a next hop that runs over the end", "800e06 0002 01 10 2001" + mandatory,
               reset + optional_error + "800e060002011" + "02001"));
    check(same(
        "two IPv6 next hops",
        "800e25 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00" +
            mandatory,
        "ok"));
    check(same(
        "the next hop ::1",
        "800e17 0002 01 10 00000000000000000000000000000001 00 08 20" + origin + as_path,
        withdraw + optional_error + "800e17000201100000000000000000000000000000000100" + "0820",
        ""));
    check(same("a family that we do not speak", "800e05 0019 41 00 00" + mandatory, "ok"));
}

TEST_CASE("RFC 7606 section 7.12: MP_UNREACH_NLRI") {
    check(same("two octets", "800f02 0002", reset + optional_error + "800f020002", ""));
    check(same("a family that we do not speak", "800f05 0019 41 00 00", "ok", ""));
}

TEST_CASE("other attributes that we do not use are judged by their own RFCs") {
    check(same("ONLY_TO_CUSTOMER (RFC 9234)", mandatory + "c02304 0000fde9", "ok"));
    check(same("ONLY_TO_CUSTOMER of three octets", mandatory + "c02303 00fde9",
               withdraw + optional_error + "c0230300fde9"));
    check(same("ONLY_TO_CUSTOMER 0", mandatory + "c02304 00000000",
               withdraw + optional_error + "c0230400000000"));
    check(same("AIGP (RFC 7311)", mandatory + "801a0b 01000b0000000000000001", "ok"));
    check(same("AIGP cut short", mandatory + "801a05 01000b0000",
               discard + optional_error + "801a0501000b0000"));
    check(same("AIGP with a length below its own header", mandatory + "801a03 010002",
               discard + optional_error + "801a03010002"));
    check(same("an empty AIGP", mandatory + "801a00", discard + optional_error + "801a00"));
    check(same("an unknown optional transitive one", mandatory + "c0c803 010203", "ok"));
    check(same("an unknown optional one", mandatory + "80c803 010203", "ok"));
    check(
        same("an unknown well-known one", mandatory + "40c803 010203",
             withdraw +
                 "3/2 UPDATE Message Error, Unrecognized Well-known Attribute: data 40c803010203"));
}

TEST_CASE("AS4_PATH and AS4_AGGREGATOR count only from a two-octet speaker (RFC 6793)") {
    const std::string short_path = "400204 0201 5ba0";
    const auto from_old = [&](const std::string& attributes) {
        return judged(update_body(bytes(origin + short_path + next_hop + attributes), bytes(nlri)),
                      context(false, false));
    };
    CHECK(from_old("c01106 0201 fa56ea00") == "ok");
    CHECK(from_old("c01105 0201 fa56ea") == discard + optional_error + "c011050201fa56ea");
    CHECK(from_old("c01208 fa56ea00 c0000201") == "ok");
    CHECK(from_old("c01206 fa56 c0000201") == discard + optional_error + "c01206fa56c0000201");
    CHECK(from_old("c00706 fde9 c0000201") == "ok");
    check(same("from a new one", mandatory + "c01105 0201 fa56ea", "ok"));
}

TEST_CASE("values of a good UPDATE are read") {
    const auto decoded =
        decode_attributes(bytes(mandatory + "800404 0000000a 400504 000000c8 c00808 fc580064 "
                                            "ffff0000 c0200c 000000010000000200000003"),
                          context(true), true);
    REQUIRE(decoded.has_value());
    CHECK(decoded->origin == 0);
    CHECK(decoded->as_path == std::vector{AsPathSegment{2, {65001}}});
    CHECK(decoded->next_hop == address("192.0.2.1"));
    CHECK(decoded->med == 10U);
    CHECK(decoded->local_pref == 200U);
    CHECK(decoded->communities == std::vector<Community>{0xfc580064, graceful_shutdown});
    CHECK(decoded->large_communities == std::vector<LargeCommunity>{{1, 2, 3}});
    CHECK(decoded->count == 7);
}

TEST_CASE("prefixes are read with their trailing bits ignored") {
    const auto prefixes = decode_prefixes(bytes("00 08 0a 0c 0aff 20 0a000001"), Family::ipv4);
    REQUIRE(prefixes);
    CHECK(*prefixes == std::vector<Prefix>{{address("0.0.0.0"), 0},
                                           {address("10.0.0.0"), 8},
                                           {address("10.240.0.0"), 12},
                                           {address("10.0.0.1"), 32}});
    CHECK(decode_prefixes(bytes("30 20010db8000f 80 20010db8000f00000000000000000010"),
                          Family::ipv6) ==
          std::vector<Prefix>{{address("2001:db8:f::"), 48}, {address("2001:db8:f::10"), 128}});
}

TEST_CASE("our attributes are written in ascending order with the flags of the RFC") {
    RouteAttributes attributes;
    attributes.med = 10;
    attributes.local_pref = 200;
    attributes.communities = {0xfc580064};
    attributes.large_communities = {{1, 2, 3}};
    const auto encoded = [&](const UpdateContext& session, std::optional<Address> hop) {
        Bytes out;
        Writer writer(out);
        encode_attributes(attributes, hop, session, writer);
        return hex(out);
    };
    SECTION("external: no LOCAL_PREF") {
        CHECK(
            encoded(context(false), address("192.0.2.10")) ==
            packed("400101 00 400206 0201 0000fdf2 400304 c000020a 800404 0000000a c00804 fc580064 "
                   "c0200c 000000010000000200000003"));
    }
    SECTION("internal: an empty AS_PATH and LOCAL_PREF") {
        CHECK(
            encoded(context(true), address("192.0.2.10")) ==
            packed(
                "400101 00 400200 400304 c000020a 800404 0000000a 400504 000000c8 c00804 fc580064 "
                "c0200c 000000010000000200000003"));
        attributes = {};
        CHECK(encoded(context(true), std::nullopt) == packed("400101 00 400200 400504 00000064"));
    }
    SECTION("prepended") {
        attributes = {};
        attributes.prepend = 2;
        CHECK(encoded(context(false), std::nullopt) ==
              packed("400101 00 40020e 0203 0000fdf2 0000fdf2 0000fdf2"));
        CHECK(encoded(context(true), std::nullopt) ==
              packed("400101 00 40020a 0202 0000fdf2 0000fdf2 400504 00000064"));
    }
    SECTION("prepended so often that it takes a second segment") {
        attributes = {};
        attributes.prepend = 255;
        const auto text = encoded(context(false), std::nullopt);
        const auto decoded = decode_attributes(bytes(text), context(false), false);
        REQUIRE(decoded.has_value());
        REQUIRE(decoded->as_path->size() == 2);
        CHECK(decoded->as_path->at(0).as_numbers.size() == 255);
        CHECK(decoded->as_path->at(1).as_numbers.size() == 1);
        CHECK(text.substr(8, 8) == packed("5002 0404"));
    }
    SECTION("to a two-octet speaker") {
        attributes = {};
        CHECK(encoded(context(false, false), std::nullopt) == packed("400101 00 400204 0201 fdf2"));
    }
    SECTION("a four-octet AS to a two-octet speaker (RFC 6793)") {
        attributes = {};
        attributes.prepend = 1;
        attributes.communities = {0xfc580064};
        auto session = context(false, false);
        session.local_as = 4200000000;
        CHECK(encoded(session, std::nullopt) ==
              packed(
                  "400101 00 400206 0202 5ba0 5ba0 c00804 fc580064 c0110a 0202 fa56ea00 fa56ea00"));
    }
}
