#include "bgp/adj_rib_out.hpp"

#include "bgp/framer.hpp"
#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

const UpdateContext external{.local_as = 65010,
                             .ibgp = false,
                             .four_octet_as = true,
                             .families = {Family::ipv4, Family::ipv6}};

ExportContext both_families() {
    return {external,
            {{Family::ipv4, address("192.0.2.10")}, {Family::ipv6, address("2001:db8::10")}}};
}

RouteAttributes with_med(std::uint32_t med) {
    RouteAttributes attributes;
    attributes.med = med;
    return attributes;
}

/// What a router would know after these UPDATEs: prefix → MED. Decodes them as a peer would.
class Router {
public:
    void take_all(AdjRibOut& rib) {
        while (const auto update = rib.next_update()) {
            take(*update);
        }
    }
    void take(const OutgoingUpdate& sent) {
        ++messages;
        REQUIRE(sent.bytes.size() <= largest_message);
        Framer framer;
        framer.feed(sent.bytes);
        const auto frame = framer.next();
        REQUIRE(frame.has_value());
        REQUIRE(frame->has_value());
        const auto decoded = decode((*frame)->type, (*frame)->body, external);
        REQUIRE(error_of(decoded) == "none");
        const auto& update = std::get<Update>(*decoded);
        REQUIRE(update.severity == Severity::none);
        CHECK(update.announced == sent.advertised);
        CHECK(update.withdrawn == sent.withdrawn);
        CHECK(update.end_of_rib == sent.end_of_rib);
        for (const auto& prefix : update.withdrawn) {
            CHECK(table.erase(prefix) == 1);
        }
        for (const auto& prefix : update.announced) {
            table[prefix] = update.attributes.med.value_or(0);
        }
    }

    std::map<Prefix, std::uint32_t> table;
    int messages = 0;
};

Prefix numbered(unsigned number) {
    const std::array<std::uint8_t, 4> octets{10, static_cast<std::uint8_t>(number >> 16U),
                                             static_cast<std::uint8_t>(number >> 8U),
                                             static_cast<std::uint8_t>(number)};
    return Prefix::host(*Address::from_bytes(octets));
}

Prefix numbered6(unsigned number) {
    std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0d, 0xb8};
    octets[14] = static_cast<std::uint8_t>(number >> 8U);
    octets[15] = static_cast<std::uint8_t>(number);
    return Prefix::host(*Address::from_bytes(octets));
}

}  // namespace

TEST_CASE("one IPv4 route is one UPDATE of 48 octets") {
    AdjRibOut rib;
    rib.want(host("203.0.113.10"), RouteAttributes{});
    rib.open(both_families());
    const auto update = rib.next_update();
    REQUIRE(update);
    CHECK(
        hex(update->bytes) ==
        packed("ffffffffffffffffffffffffffffffff 0030 02 0000 0014 400101 00 400206 0201 0000fdf2 "
               "400304 c000020a 20 cb00710a"));
    CHECK_FALSE(rib.next_update());
    CHECK_FALSE(rib.has_update());
}

TEST_CASE("one IPv6 route goes in MP_REACH_NLRI, before the other attributes") {
    AdjRibOut rib;
    rib.want(host("2001:db8:f::10"), RouteAttributes{});
    rib.open(both_families());
    CHECK(hex(rib.next_update()->bytes) ==
          packed("ffffffffffffffffffffffffffffffff 004d 02 0000 0036"
                 "800e26 0002 01 10 20010db8000000000000000000000010 00 80 "
                 "20010db8000f00000000000000000010"
                 "400101 00 400206 0201 0000fdf2"));
}

TEST_CASE("withdrawals of both families") {
    AdjRibOut rib;
    rib.want(host("203.0.113.10"), RouteAttributes{});
    rib.want(host("2001:db8:f::10"), RouteAttributes{});
    rib.open(both_families());
    while (rib.next_update()) {
    }
    rib.want(host("203.0.113.10"), std::nullopt);
    rib.want(host("2001:db8:f::10"), std::nullopt);
    CHECK(hex(rib.next_update()->bytes) ==
          packed("ffffffffffffffffffffffffffffffff 001c 02 0005 20 cb00710a 0000"));
    CHECK(hex(rib.next_update()->bytes) ==
          packed("ffffffffffffffffffffffffffffffff 002e 02 0000 0017 800f14 0002 01 80 "
                 "20010db8000f00000000000000000010"));
    CHECK_FALSE(rib.next_update());
}

TEST_CASE("End-of-RIB is what RFC 4724 says, and comes last") {
    AdjRibOut rib;
    rib.want(host("203.0.113.10"), RouteAttributes{});
    rib.open(both_families());
    rib.request_end_of_rib(Family::ipv4);
    rib.request_end_of_rib(Family::ipv6);
    std::vector<std::string> sent;
    while (const auto update = rib.next_update()) {
        sent.push_back(hex(update->bytes));
    }
    // IPv6 has nothing to wait for.
    REQUIRE(sent.size() == 3);
    CHECK(sent[0] == packed("ffffffffffffffffffffffffffffffff 001d 02 0000 0006 800f03 0002 01"));
    CHECK(sent[2] == packed("ffffffffffffffffffffffffffffffff 0017 02 0000 0000"));
}

TEST_CASE("as many prefixes as a message holds go into one") {
    AdjRibOut rib;
    for (unsigned i = 0; i < 2000; ++i) {
        rib.want(numbered(i), RouteAttributes{});
        rib.want(numbered6(i), RouteAttributes{});
    }
    rib.open(both_families());
    std::vector<std::size_t> announced;
    while (const auto update = rib.next_update()) {
        announced.push_back(update->advertised.size());
    }
    CHECK(announced ==
          std::vector<std::size_t>{810, 810, 380, 237, 237, 237, 237, 237, 237, 237, 237, 104});
    for (unsigned i = 0; i < 2000; ++i) {
        rib.want(numbered(i), std::nullopt);
        rib.want(numbered6(i), std::nullopt);
    }
    std::vector<std::size_t> withdrawn;
    while (const auto update = rib.next_update()) {
        withdrawn.push_back(update->withdrawn.size());
    }
    CHECK(withdrawn ==
          std::vector<std::size_t>{814, 814, 372, 239, 239, 239, 239, 239, 239, 239, 239, 88});
}

TEST_CASE("at most 5.1 octets for each /32 that shares its attributes") {
    AdjRibOut rib;
    for (unsigned i = 0; i < 10000; ++i) {
        rib.want(numbered(i), RouteAttributes{});
    }
    rib.open(both_families());
    std::size_t total = 0;
    while (const auto update = rib.next_update()) {
        total += update->bytes.size();
    }
    CHECK(total <= 51000);
}

TEST_CASE("routes are packed by attributes, however they were wanted, and withdrawals come first") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(9), with_med(1));
    rib.open(both_families());
    router.take_all(rib);
    for (unsigned i = 0; i < 9; ++i) {
        rib.want(numbered(i), with_med(i % 3));
    }
    rib.want(numbered(9), std::nullopt);
    const auto first = rib.next_update();
    CHECK(first->withdrawn == std::vector{numbered(9)});
    router.take(*first);
    router.messages = 0;
    router.take_all(rib);
    CHECK(router.messages == 3);
    CHECK(router.table.size() == 9);
}

TEST_CASE("nothing is sent when nothing changed") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(10));
    rib.open(both_families());
    router.take_all(rib);
    rib.want(numbered(1), with_med(10));
    CHECK_FALSE(rib.next_update());
    rib.want(numbered(2), std::nullopt);
    CHECK_FALSE(rib.next_update());
}

TEST_CASE("changes that cancel out are never sent") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(10));
    rib.open(both_families());
    router.take_all(rib);
    rib.want(numbered(1), std::nullopt);
    rib.want(numbered(1), with_med(20));
    rib.want(numbered(1), with_med(10));
    rib.want(numbered(2), with_med(10));
    rib.want(numbered(2), std::nullopt);
    CHECK_FALSE(rib.has_update());
    CHECK_FALSE(rib.next_update());
}

TEST_CASE("changed attributes are announced without a withdrawal") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(10));
    rib.open(both_families());
    router.take_all(rib);
    rib.want(numbered(1), with_med(20));
    const auto update = rib.next_update();
    CHECK(update->withdrawn.empty());
    router.take(*update);
    CHECK(router.table.at(numbered(1)) == 20);
}

TEST_CASE("a new session begins with everything") {
    AdjRibOut rib;
    rib.want(numbered(1), with_med(10));
    rib.open(both_families());
    Router first;
    first.take_all(rib);
    rib.close();
    CHECK_FALSE(rib.has_update());
    rib.want(numbered(1), std::nullopt);
    rib.want(numbered(2), with_med(10));
    rib.open(both_families());
    Router second;
    second.take_all(rib);
    CHECK(second.table == std::map<Prefix, std::uint32_t>{{numbered(2), 10}});
}

TEST_CASE("route refresh sends one family again") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(10));
    rib.want(numbered6(1), with_med(10));
    rib.open(both_families());
    router.take_all(rib);
    rib.refresh(Family::ipv6);
    const auto update = rib.next_update();
    CHECK(update->advertised == std::vector{numbered6(1)});
    CHECK_FALSE(rib.next_update());
    SECTION("a change that comes to nothing does not swallow it") {
        rib.refresh(Family::ipv4);
        rib.want(numbered(1), std::nullopt);
        rib.want(numbered(1), with_med(10));
        CHECK(rib.next_update()->advertised == std::vector{numbered(1)});
        CHECK_FALSE(rib.next_update());
    }
    SECTION("what was never sent and is not wanted any more is not withdrawn") {
        rib.want(numbered(2), with_med(10));
        rib.refresh(Family::ipv4);
        rib.want(numbered(2), std::nullopt);
        CHECK(rib.next_update()->advertised == std::vector{numbered(1)});
        CHECK_FALSE(rib.next_update());
    }
    SECTION("what is withdrawn meanwhile is withdrawn") {
        rib.refresh(Family::ipv4);
        rib.want(numbered(1), std::nullopt);
        CHECK(rib.next_update()->withdrawn == std::vector{numbered(1)});
        CHECK_FALSE(rib.next_update());
    }
}

TEST_CASE("thousands of refreshes between two messages cost no more than a few") {
    AdjRibOut rib;
    for (unsigned i = 0; i < 5000; ++i) {
        rib.want(numbered(i), with_med(10));
    }
    rib.open(both_families());
    const auto time_of = [&rib](int refreshes) {
        const auto begin = Clock::now();
        for (int i = 0; i < refreshes; ++i) {
            rib.refresh(Family::ipv4);
        }
        Router().take_all(rib);
        return Clock::now() - begin;
    };
    const auto once = time_of(1);
    CHECK(time_of(5000) < 50 * once);
    CHECK(rib.counts(Family::ipv4).advertised == 5000);
}

TEST_CASE("a family that was not negotiated or has no next hop is not sent") {
    AdjRibOut rib;
    rib.want(numbered(1), with_med(10));
    rib.want(numbered6(1), with_med(10));
    auto context = both_families();
    context.next_hop.erase(Family::ipv6);
    rib.open(context);
    CHECK(rib.next_update()->advertised == std::vector{numbered(1)});
    CHECK_FALSE(rib.next_update());
    CHECK(rib.counts(Family::ipv6).pending == 1);
    CHECK(rib.counts(Family::ipv6).negotiated);
    CHECK(rib.counts(Family::ipv4).pending == 0);
    SECTION("until it has one") {
        rib.change(both_families());
        CHECK(rib.next_update()->advertised == std::vector{numbered6(1)});
        CHECK_FALSE(rib.next_update());
    }
}

TEST_CASE("another next hop sends its family again") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(10));
    rib.want(numbered6(1), with_med(10));
    rib.open(both_families());
    router.take_all(rib);
    auto context = both_families();
    context.next_hop[Family::ipv4] = address("192.0.2.99");
    rib.change(context);
    const auto update = rib.next_update();
    CHECK(update->advertised == std::vector{numbered(1)});
    CHECK(hex(update->bytes).find("c0000263") != std::string::npos);
    CHECK_FALSE(rib.next_update());
    rib.change(context);
    CHECK_FALSE(rib.next_update());
}

TEST_CASE("what is wanted, advertised and pending is counted") {
    AdjRibOut rib;
    rib.want(numbered(1), with_med(1));
    rib.want(numbered(2), with_med(2));
    auto counts = rib.counts(Family::ipv4);
    CHECK(counts.wanted == 2);
    CHECK(counts.advertised == 0);
    CHECK(counts.pending == 2);
    CHECK_FALSE(counts.negotiated);
    rib.open(both_families());
    rib.next_update();
    counts = rib.counts(Family::ipv4);
    CHECK(counts.advertised == 1);
    CHECK(counts.pending == 1);
    rib.next_update();
    rib.want(numbered(1), std::nullopt);
    counts = rib.counts(Family::ipv4);
    CHECK(counts.wanted == 1);
    CHECK(counts.advertised == 2);
    CHECK(counts.pending == 1);
    rib.close();
    CHECK(rib.counts(Family::ipv4).advertised == 0);
    CHECK(rib.counts(Family::ipv4).pending == 1);
}

TEST_CASE("attributes that fit in no message are not advertised, and said so") {
    AdjRibOut rib;
    Router router;
    rib.want(numbered(1), with_med(1));
    rib.open(both_families());
    router.take_all(rib);
    RouteAttributes huge;
    for (Community community = 0; community < 1000; ++community) {
        huge.communities.push_back(community);
    }
    rib.want(numbered(1), huge);
    CHECK(rib.oversized() == 1);
    router.take_all(rib);
    CHECK(router.table.empty());
    huge.communities.resize(900);
    rib.want(numbered(1), huge);
    CHECK(rib.oversized() == 0);
    router.take_all(rib);
    CHECK(router.table.size() == 1);
}

TEST_CASE("the largest attributes that are accepted leave room for a prefix of either family") {
    RouteAttributes large;
    large.prepend = 255;
    for (Community community = 0; community < 400; ++community) {
        large.communities.push_back(community);
    }
    AdjRibOut rib;
    auto context = both_families();
    context.update.four_octet_as = false;
    context.update.local_as = 4200000000;
    rib.open(context);
    while (rib.oversized() == 0) {
        rib.want(numbered(1), large);
        rib.want(numbered6(1), large);
        while (const auto update = rib.next_update()) {
            REQUIRE(update->bytes.size() <= largest_message);
            REQUIRE(update->advertised.size() + update->withdrawn.size() > 0);
        }
        large.communities.push_back(static_cast<Community>(large.communities.size()));
    }
    CHECK(large.communities.size() > 450);
}

TEST_CASE("whatever is wanted in whatever order, the router ends up with exactly that") {
    std::mt19937 random(4711);
    for (int run = 0; run < 50; ++run) {
        AdjRibOut rib;
        Router router;
        std::map<Prefix, std::uint32_t> wanted;
        rib.open(both_families());
        for (int i = 0; i < 500; ++i) {
            const auto number = static_cast<unsigned>(random() % 40);
            const auto prefix = random() % 2 == 0 ? numbered(number) : numbered6(number);
            const auto choice = random() % 10;
            if (choice < 5) {
                const auto med = static_cast<std::uint32_t>(random() % 4);
                wanted[prefix] = med;
                rib.want(prefix, with_med(med));
            } else if (choice < 8) {
                wanted.erase(prefix);
                rib.want(prefix, std::nullopt);
            } else if (choice == 8) {
                if (const auto update = rib.next_update()) router.take(*update);
            } else if (random() % 10 == 0) {
                rib.refresh(Family::ipv4);
            } else if (random() % 20 == 0) {
                rib.open(both_families());
                router.table.clear();
            }
        }
        router.take_all(rib);
        REQUIRE(router.table == wanted);
        CHECK(rib.counts(Family::ipv4).pending + rib.counts(Family::ipv6).pending == 0);
        CHECK(rib.counts(Family::ipv4).advertised + rib.counts(Family::ipv6).advertised ==
              wanted.size());
    }
}
