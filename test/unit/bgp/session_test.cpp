#include "bgp/session.hpp"

#include "src/base/overloaded.hpp"
#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <random>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;
using namespace std::chrono_literals;

namespace {

PeerSettings peer_settings(AsNumber remote_as, std::string_view remote) {
    PeerSettings settings;
    settings.name = "peer";
    settings.address = address(remote);
    settings.remote_as = remote_as;
    settings.next_hop = {{Family::ipv4, address("192.0.2.10")},
                         {Family::ipv6, address("2001:db8::10")}};
    return settings;
}

WantedRoutes routes(std::initializer_list<std::string_view> hosts) {
    WantedRoutes wanted;
    for (const auto text : hosts) {
        wanted.emplace(host(text), RouteAttributes{});
    }
    return wanted;
}

/// One side of a wire, with what its session asked for.
struct Side {
    Side(LocalSpeaker local, PeerSettings settings, std::uint32_t seed, TimePoint now)
        : session(local, std::move(settings), seed, now) {}

    /// Carries out actions; the dial itself is the wire's business.
    void settle() {
        for (auto& action : session.take_actions()) {
            std::visit(overloaded{
                           [&](action::Dial&) { dials = true; },
                           [&](action::Close& close) { closed.push_back(std::move(close)); },
                           [&](action::Written& written) {
                               advertised.insert(written.advertised.begin(),
                                                 written.advertised.end());
                               for (const auto& prefix : written.withdrawn)
                                   advertised.erase(prefix);
                           },
                           [&](action::RoutesLost&) { advertised.clear(); },
                       },
                       action);
        }
    }

    Session session;
    bool dials = false;
    std::vector<action::Close> closed;
    std::set<Prefix> advertised;  // as written to the socket
};

/// Two speakers joined back to back: bytes are carried `chunk` at a time, time moves when nothing
/// else does.
class Wire {
public:
    Wire(PeerSettings left_settings, PeerSettings right_settings, RouterId left_id = 1,
         RouterId right_id = 2, std::uint32_t seed = 1)
        : left_({.as = 65010, .router_id = left_id, .restart = {}}, std::move(left_settings), seed,
                now_),
          right_({.as = 65001, .router_id = right_id, .restart = {}}, std::move(right_settings),
                 seed + 1, now_) {}

    Side& left() { return left_; }
    Side& right() { return right_; }
    TimePoint now() const { return now_; }

    void start() {
        left_.session.start(now_);
        right_.session.start(now_);
        settle();
    }

    /// Until neither side has anything to say.
    void settle() {
        for (int i = 0; i < 100000; ++i) {
            left_.settle();
            right_.settle();
            if (!move_something()) return;
        }
        FAIL("the two never come to rest");
    }

    void run_for(Duration time) {
        const auto until = now_ + time;
        for (int i = 0; i < 100000; ++i) {
            settle();
            const auto next = next_deadline();
            if (!next || *next > until) break;
            now_ = *next;
            left_.session.tick(now_);
            right_.session.tick(now_);
        }
        now_ = until;
        settle();
    }

    void cut() {
        for (const auto slot : all_slots) {
            connected_[index(slot)] = false;
            left_.session.lost(slot, {"tcp-reset", ""}, now_);
            right_.session.lost(other(slot), {"tcp-reset", ""}, now_);
        }
        settle();
    }

    /// Garbage on every connection: each side hears the other's complaint.
    void break_frames() {
        const auto garbage = bytes("00");
        for (const auto slot : all_slots) {
            left_.session.received(slot, garbage, now_);
        }
        settle();
    }

    std::size_t chunk = 100000;

private:
    static std::size_t index(Slot left_slot) { return static_cast<std::size_t>(left_slot); }

    std::optional<TimePoint> next_deadline() const {
        const auto one = left_.session.next_deadline();
        const auto two = right_.session.next_deadline();
        if (!one || !two) return one ? one : two;
        return std::min(*one, *two);
    }

    bool move_something() {
        bool moved = close(left_, right_, false) || close(right_, left_, true);
        moved = dial(left_, right_, out) || moved;
        moved = dial(right_, left_, in) || moved;
        for (const auto slot : all_slots) {
            if (!connected_[index(slot)]) continue;
            moved = carry(left_, slot, right_, other(slot)) || moved;
            if (!connected_[index(slot)]) continue;
            moved = carry(right_, other(slot), left_, slot) || moved;
        }
        return moved;
    }

    /// `wire_slot` names the connection from the left side's point of view.
    bool dial(Side& from, Side& to, Slot wire_slot) {
        if (!std::exchange(from.dials, false)) return false;
        if (const auto refusal = to.session.refusal()) {
            from.session.connected(out, address("192.0.2.1"), now_);
            from.session.received(out, encode_notification(*refusal), now_);
            return true;
        }
        connected_[index(wire_slot)] = true;
        from.session.connected(out, address("192.0.2.1"), now_);
        to.session.connected(in, address("192.0.2.2"), now_);
        return true;
    }

    bool close(Side& from, Side& to, bool mirrored) {
        const bool any = !from.closed.empty();
        for (auto& each : std::exchange(from.closed, {})) {
            auto& connected = connected_[index(mirrored ? other(each.slot) : each.slot)];
            if (!std::exchange(connected, false)) continue;
            to.session.received(other(each.slot), each.farewell, now_);
            to.session.lost(other(each.slot), {"tcp-closed", ""}, now_);
        }
        return any;
    }

    bool carry(Side& from, Slot from_slot, Side& to, Slot to_slot) {
        const auto bytes = from.session.output(from_slot);
        if (bytes.empty()) return false;
        const auto count = std::min(chunk, bytes.size());
        const Bytes carried(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        from.session.written(from_slot, count, now_);
        to.session.received(to_slot, carried, now_);
        return true;
    }

    TimePoint now_{1h};
    std::array<bool, 2> connected_{};
    Side left_;
    Side right_;
};

Wire one_way() {
    auto right = peer_settings(65010, "192.0.2.1");
    right.passive = true;
    return {peer_settings(65001, "192.0.2.2"), right};
}

/// A session whose peer is played by hand, Established.
struct Established {
    explicit Established(PeerSettings settings = peer_settings(65001, "192.0.2.2"),
                         RestartState restart = {}, const Address& local = address("192.0.2.1"))
        : session({.as = 65010, .router_id = 1, .restart = restart}, std::move(settings), 1, now) {
        session.start(now);
        session.connected(out, local, now);
        opened = written();
        Offer offer{.local_as = session.settings().remote_as,
                    .families = {Family::ipv4, Family::ipv6},
                    .graceful_restart = GracefulRestart{}};
        session.received(out, encode_open(offer, 90s, 2), now);
        session.received(out, encode_keepalive(), now);
        written();
        session.take_actions();
        REQUIRE(session.status().state == SessionState::established);
    }

    /// All that the session wants to write, taken at once.
    Bytes written() {
        const auto view = session.output(out);
        Bytes taken(view.begin(), view.end());
        session.written(out, taken.size(), now);
        return taken;
    }
    void receive(const Bytes& bytes) { session.received(out, bytes, now); }

    TimePoint now{1h};
    Session session;
    Bytes opened;
};

}  // namespace

TEST_CASE("two sessions establish and exchange routes both ways") {
    auto wire = one_way();
    wire.left().session.want(routes({"203.0.113.1", "2001:db8:f::1"}), wire.now());
    wire.right().session.want(routes({"198.51.100.1"}), wire.now());
    wire.start();
    CHECK(wire.left().session.status().state == SessionState::established);
    CHECK(wire.right().session.status().state == SessionState::established);
    CHECK(wire.right().session.status().families.at(Family::ipv4).received == 1);
    CHECK(wire.right().session.status().families.at(Family::ipv6).received == 1);
    CHECK(wire.left().session.status().families.at(Family::ipv4).received == 1);
    CHECK(wire.left().advertised == std::set<Prefix>{host("203.0.113.1"), host("2001:db8:f::1")});
}

TEST_CASE("the same conversation in single bytes") {
    auto wire = one_way();
    wire.chunk = 1;
    wire.left().session.want(routes({"203.0.113.1", "2001:db8:f::1"}), wire.now());
    wire.start();
    CHECK(wire.right().session.status().families.at(Family::ipv4).received == 1);
    CHECK(wire.right().session.status().families.at(Family::ipv6).received == 1);
    wire.run_for(60s);
    CHECK(wire.left().session.status().state == SessionState::established);
}

TEST_CASE("a quiet session lives on its keepalives") {
    auto wire = one_way();
    wire.start();
    wire.run_for(1h);
    CHECK(wire.left().session.status().established_count == 1);
    const auto sent = wire.left().session.status().messages_out.at("keepalive");
    CHECK(sent >= 1200);
    CHECK(sent <= 1600);
}

TEST_CASE("a change is on the wire with the next output, and withdrawn likewise") {
    auto wire = one_way();
    wire.start();
    wire.left().session.want(routes({"203.0.113.1"}), wire.now());
    wire.settle();
    CHECK(wire.right().session.status().families.at(Family::ipv4).received == 1);
    wire.left().session.want({{host("203.0.113.1"), std::nullopt}}, wire.now());
    wire.settle();
    CHECK(wire.right().session.status().families.at(Family::ipv4).received == 0);
    CHECK(wire.left().advertised.empty());
}

TEST_CASE("a lost connection comes back by itself with all routes") {
    auto wire = one_way();
    wire.left().session.want(routes({"203.0.113.1"}), wire.now());
    wire.start();
    for (int i = 0; i < 5; ++i) {
        wire.cut();
        CHECK(wire.left().session.status().state != SessionState::established);
        CHECK(wire.left().advertised.empty());
        wire.run_for(60s);
        CHECK(wire.left().session.status().state == SessionState::established);
        CHECK(wire.right().session.status().families.at(Family::ipv4).received == 1);
    }
}

TEST_CASE(
    "two speakers that dial each other at the same moment end with one session, whoever is "
    "greater") {
    for (const auto& [left_id, right_id] : {std::pair<RouterId, RouterId>{1, 2}, {2, 1}, {7, 7}}) {
        for (const std::size_t chunk : {1U, 7U, 19U, 100000U}) {
            for (std::uint32_t seed = 1; seed < 20; ++seed) {
                INFO(left_id << " " << right_id << " " << chunk << " " << seed);
                Wire wire(peer_settings(65001, "192.0.2.2"), peer_settings(65010, "192.0.2.1"),
                          left_id, right_id, seed);
                wire.chunk = chunk;
                wire.left().session.want(routes({"203.0.113.1"}), wire.now());
                wire.start();
                wire.run_for(60s);
                CHECK(wire.left().session.status().state == SessionState::established);
                CHECK(wire.right().session.status().state == SessionState::established);
                CHECK(wire.left().session.status().established_count <= 2);
                CHECK(wire.right().session.status().families.at(Family::ipv4).received == 1);
            }
        }
    }
}

TEST_CASE("two speakers that both back off after an error do not refuse each other for ever") {
    for (std::uint32_t seed = 1; seed < 50; ++seed) {
        Wire wire(peer_settings(65001, "192.0.2.2"), peer_settings(65010, "192.0.2.1"), 1, 2, seed);
        wire.start();
        wire.run_for(10s);
        REQUIRE(wire.left().session.status().state == SessionState::established);
        wire.break_frames();
        REQUIRE(wire.left().session.status().state == SessionState::idle);
        wire.run_for(5s);
        CHECK(wire.left().session.status().state == SessionState::established);
        CHECK(wire.right().session.status().state == SessionState::established);
    }
}

TEST_CASE("stopping says why, and the other side understands") {
    auto wire = one_way();
    wire.start();
    wire.left().session.stop(cease_with_text(cease::administrative_shutdown, "moving racks"),
                             {"shut-down", "stopping"}, wire.now());
    wire.settle();
    const auto theirs = wire.right().session.status();
    CHECK(theirs.last_notification_in == "6/2 Cease, Administrative Shutdown: \"moving racks\"");
    CHECK(theirs.reason_code == "notification-received");
    CHECK(theirs.state == SessionState::idle);
    const auto ours = wire.left().session.status();
    CHECK(ours.last_notification_out == "6/2 Cease, Administrative Shutdown: \"moving racks\"");
    CHECK(ours.reason_code == "shut-down");
    wire.run_for(10min);
    CHECK(wire.left().session.status().state == SessionState::idle);
}

TEST_CASE("a NOTIFICATION does not wait behind routes") {
    Established peer;
    WantedRoutes many;
    for (std::uint32_t i = 0; i < 50000; ++i) {
        const std::array<std::uint8_t, 4> octets{10, static_cast<std::uint8_t>(i >> 16U),
                                                 static_cast<std::uint8_t>(i >> 8U),
                                                 static_cast<std::uint8_t>(i)};
        many.emplace(Prefix::host(*Address::from_bytes(octets)), RouteAttributes{});
    }
    peer.session.want(many, peer.now);
    CHECK(peer.session.output(out).size() < 80000);
    peer.session.written(out, 100, peer.now);
    peer.session.stop(Notification{ErrorCode::cease, cease::administrative_shutdown, {}},
                      {"shut-down", ""}, peer.now);
    const auto actions = peer.session.take_actions();
    const auto* close = std::get_if<action::Close>(&actions.front());
    REQUIRE(close != nullptr);
    // The rest of the message that has begun, then the 21 octets of the NOTIFICATION.
    CHECK(close->farewell.size() <= largest_message - 100 + 21);
    CHECK(hex(std::span(close->farewell).last(3)) == "030602");
}

TEST_CASE("a peer that does not read costs bounded memory and ends by the send hold timer") {
    Established peer;
    for (std::uint32_t minute = 0; minute < 8; ++minute) {
        for (std::uint32_t i = 0; i < 60; ++i) {
            RouteAttributes attributes;
            attributes.med = minute * 60 + i;
            WantedRoutes changes;
            for (std::uint8_t octet = 0; octet < 100; ++octet) {
                changes.emplace(host("203.0.113." + std::to_string(octet)), attributes);
            }
            peer.session.want(changes, peer.now);
            CHECK(peer.session.output(out).size() < 80000);
            peer.session.written(out, 0, peer.now);
            peer.receive(encode_keepalive());
            peer.now += 1s;
            peer.session.tick(peer.now);
        }
    }
    const auto status = peer.session.status();
    CHECK(status.state == SessionState::idle);
    CHECK(status.last_notification_out == "8/0 Send Hold Timer Expired");
    CHECK(status.errors.at("send-hold-timer-expired") == 1);
}

TEST_CASE("a peer that reads again gets the last word only, not its history") {
    Established peer;
    peer.session.want(routes({"203.0.113.1"}), peer.now);
    WantedRoutes filler;
    for (std::uint32_t i = 0; i < 40000; ++i) {
        const std::array<std::uint8_t, 4> octets{10, static_cast<std::uint8_t>(i >> 16U),
                                                 static_cast<std::uint8_t>(i >> 8U),
                                                 static_cast<std::uint8_t>(i)};
        filler.emplace(Prefix::host(*Address::from_bytes(octets)), RouteAttributes{});
    }
    peer.session.want(filler, peer.now);
    peer.session.output(out);  // fills the queue
    for (std::uint32_t med = 0; med < 1000; ++med) {
        RouteAttributes attributes;
        attributes.med = med;
        peer.session.want({{host("203.0.113.2"), attributes}}, peer.now);
    }
    std::size_t total = 0;
    std::size_t announced = 0;
    while (true) {
        const auto bytes = peer.written();
        if (bytes.empty()) break;
        total += bytes.size();
        for (const auto& action : peer.session.take_actions()) {
            announced += std::get<action::Written>(action).advertised.size();
        }
    }
    CHECK(announced == 40002);
    CHECK(total * 10 < std::size_t{40002} * 52);
}

TEST_CASE("routes count as written when their bytes are, not before") {
    Established peer;
    peer.session.want(routes({"203.0.113.1"}), peer.now);
    const auto size = peer.session.output(out).size();
    peer.session.written(out, size - 1, peer.now);
    CHECK(peer.session.take_actions().empty());
    peer.session.written(out, 1, peer.now);
    const auto actions = peer.session.take_actions();
    REQUIRE(actions.size() == 1);
    CHECK(std::get<action::Written>(actions[0]).advertised == std::vector{host("203.0.113.1")});
}

TEST_CASE("the time from wanted to written is measured") {
    Established peer;
    CHECK_FALSE(peer.session.status().wanted_to_written);
    peer.session.want(routes({"203.0.113.1"}), peer.now);
    peer.now += 3ms;
    peer.written();
    CHECK(peer.session.status().wanted_to_written == 3000us);
    peer.session.want(routes({"203.0.113.2"}), peer.now);
    peer.now += 1ms;
    peer.written();
    CHECK(peer.session.status().wanted_to_written == 1000us);
    CHECK(peer.session.status().longest_wanted_to_written == 3000us);
}

TEST_CASE("route refresh is answered with all routes of the family") {
    Established peer;
    peer.session.want(routes({"203.0.113.1", "2001:db8:f::1"}), peer.now);
    peer.written();
    peer.session.take_actions();
    peer.receive(framed(MessageType::route_refresh, bytes("0002 00 01")));
    peer.written();
    const auto actions = peer.session.take_actions();
    REQUIRE(actions.size() == 1);
    CHECK(std::get<action::Written>(actions[0]).advertised == std::vector{host("2001:db8:f::1")});
    CHECK(peer.session.status().messages_in.at("route-refresh") == 1);
}

TEST_CASE("the next hop is the session's own address where none is configured") {
    auto settings = peer_settings(65001, "192.0.2.2");
    settings.next_hop.clear();
    Established peer(settings);
    peer.session.want(routes({"203.0.113.1", "2001:db8:f::1"}), peer.now);
    const auto sent = peer.written();
    CHECK(hex(sent).find("400304c0000201") != std::string::npos);
    CHECK(peer.session.status().families.at(Family::ipv6).pending == 1);
    CHECK(peer.session.status().reason_code == "no-next-hop");
    CHECK(
        peer.session.status().reason_text ==
        "ipv6 routes are not sent: next_hop is not configured and 192.0.2.1 is of another family");
}

TEST_CASE("treat-as-withdraw and discard keep the session and are counted") {
    Established peer;
    peer.receive(framed(MessageType::update,
                        update_body(bytes("40010107 400200 400304c0000201"), bytes("20cb007101"))));
    peer.receive(
        framed(MessageType::update,
               update_body(bytes("40010100 400200 400304c0000201 40060100"), bytes("20cb007101"))));
    const auto status = peer.session.status();
    CHECK(status.state == SessionState::established);
    CHECK(status.errors.at("treat-as-withdraw") == 1);
    CHECK(status.errors.at("attribute-discard") == 1);
    CHECK(status.families.at(Family::ipv4).received == 1);
}

TEST_CASE("an error that resets is answered exactly, and counted") {
    Established peer;
    peer.receive(framed(MessageType::update, bytes("ffff 0000")));
    const auto actions = peer.session.take_actions();
    const auto* close = std::get_if<action::Close>(&actions.front());
    REQUIRE(close != nullptr);
    CHECK(hex(close->farewell) == packed("ffffffffffffffffffffffffffffffff 0015 03 0301"));
    CHECK(std::holds_alternative<action::RoutesLost>(actions.back()));
    CHECK(peer.session.status().errors.at("session-reset") == 1);
}

TEST_CASE("bytes after the end of a session are not looked at") {
    Established peer;
    peer.receive(framed(MessageType::notification, bytes("0602")) + bytes("00112233"));
    CHECK(peer.session.status().last_notification_in == "6/2 Cease, Administrative Shutdown");
    CHECK_FALSE(peer.session.status().last_notification_out);
}

TEST_CASE("a leak of the peer is ignored beyond max_prefixes and never ends the session") {
    auto settings = peer_settings(65001, "192.0.2.2");
    settings.max_prefixes = 100;
    Established peer(settings);
    for (std::uint32_t i = 0; i < 200; ++i) {
        Bytes nlri;
        Writer writer(nlri);
        for (std::uint32_t k = 0; k < 500; ++k) {
            writer.u8(24);
            writer.u16(static_cast<std::uint16_t>(i));
            writer.u8(static_cast<std::uint8_t>(k));
        }
        peer.receive(
            framed(MessageType::update,
                   update_body(bytes("40010100 400206 0201 0000fde9 400304c0000201"), nlri)));
    }
    const auto status = peer.session.status();
    CHECK(status.state == SessionState::established);
    CHECK(status.max_prefixes_exceeded);
    CHECK(status.families.at(Family::ipv4).received == 100);
}

TEST_CASE(
    "End-of-RIB is sent when the initial set is said to be complete, after it, once a session") {
    Established peer;
    peer.session.want(routes({"203.0.113.1"}), peer.now);
    peer.written();
    CHECK_FALSE(peer.session.status().families.at(Family::ipv4).end_of_rib_sent);
    peer.session.want(routes({"203.0.113.2"}), peer.now);
    peer.session.initial_set_complete();
    const auto sent = hex(peer.written());
    const auto marker = packed("ffffffffffffffffffffffffffffffff 0017 02 0000 0000");
    CHECK(sent.find("20cb007102") < sent.find(marker));
    CHECK(peer.session.status().families.at(Family::ipv4).end_of_rib_sent);
    CHECK(peer.session.status().families.at(Family::ipv6).end_of_rib_sent);
    peer.session.initial_set_complete();
    CHECK(peer.written().empty());
}

TEST_CASE("End-of-RIB of the peer is noted") {
    Established peer;
    peer.receive(framed(MessageType::update, bytes("0000 0000")));
    CHECK(peer.session.status().families.at(Family::ipv4).end_of_rib_received);
    CHECK_FALSE(peer.session.status().families.at(Family::ipv6).end_of_rib_received);
}

TEST_CASE(
    "graceful restart is offered as the caller says: R and F at first, no R once the set is "
    "complete") {
    auto settings = peer_settings(65001, "192.0.2.2");
    settings.graceful_restart = 30s;
    const auto offered_by = [](Session& session, TimePoint now) {
        session.lost(out, {"tcp-reset", ""}, now);
        session.tick(now + 60s);
        session.connected(out, address("192.0.2.1"), now + 60s);
        return hex(session.output(out));
    };
    SECTION("a cold start") {
        Established peer(settings);
        CHECK(hex(peer.opened).find(packed("400a 001e 00010100 00020100")) != std::string::npos);
    }
    SECTION("a restart with the dataplane going on") {
        Established peer(
            settings,
            {.restarted = true, .forwarding_preserved = true, .forwarding_persistent = true});
        CHECK(hex(peer.opened).find(packed("400a 801e 00010180 00020180")) != std::string::npos);
        CHECK(offered_by(peer.session, peer.now).find(packed("400a 801e 00010180 00020180")) !=
              std::string::npos);
        peer.session.initial_set_complete();
        CHECK(
            offered_by(peer.session, peer.now + 120s).find(packed("400a 001e 00010180 00020180")) !=
            std::string::npos);
    }
    SECTION("too many unclean starts: R without F") {
        Established peer(
            settings,
            {.restarted = true, .forwarding_preserved = false, .forwarding_persistent = true});
        CHECK(hex(peer.opened).find(packed("400a 801e 00010100 00020100")) != std::string::npos);
    }
    SECTION("not at all") {
        settings.graceful_restart.reset();
        Established peer(settings);
        CHECK(hex(peer.opened).find(packed("400a")) == std::string::npos);
    }
}

TEST_CASE("a route that is to look worse does so for a peer without overrides") {
    Established peer;
    RouteAttributes worse;
    worse.worse.med = 100;
    peer.session.want({{host("203.0.113.1"), worse}}, peer.now);
    CHECK(hex(peer.written()).find(packed("800404 00000064")) != std::string::npos);
}

TEST_CASE("other routes for a peer on a live session: overrides and next hop") {
    Established peer;
    const std::map<Prefix, RouteAttributes> table{{host("203.0.113.1"), {}},
                                                  {host("203.0.113.2"), {}}};
    peer.session.want(routes({"203.0.113.1", "203.0.113.2"}), peer.now);
    peer.written();
    peer.session.take_actions();
    auto settings = peer.session.settings();
    settings.overrides.only = std::set<Prefix>{host("203.0.113.1")};
    settings.overrides.med = 5;
    REQUIRE(keeps_session(peer.session.settings(), settings));
    peer.session.change(settings, table, peer.now);
    peer.written();
    const auto actions = peer.session.take_actions();
    REQUIRE(actions.size() == 1);
    const auto& written = std::get<action::Written>(actions[0]);
    CHECK(written.advertised == std::vector{host("203.0.113.1")});
    CHECK(written.withdrawn == std::vector{host("203.0.113.2")});
    CHECK(peer.session.status().state == SessionState::established);
}

TEST_CASE("which changes need a new session") {
    const auto before = peer_settings(65001, "192.0.2.2");
    auto after = before;
    CHECK(keeps_session(before, after));
    after.next_hop.clear();
    after.max_prefixes = 5;
    after.overrides.med = 1;
    CHECK(keeps_session(before, after));
    after.hold_time = 30s;
    CHECK_FALSE(keeps_session(before, after));
    after = before;
    after.password = "secret";
    CHECK_FALSE(keeps_session(before, after));
    after = before;
    after.families = {Family::ipv4};
    CHECK_FALSE(keeps_session(before, after));
}

TEST_CASE("a timed out attempt with an MD5 key hints at the key") {
    auto settings = peer_settings(65001, "192.0.2.2");
    settings.password = "secret";
    const TimePoint now{1h};
    Session session({.as = 65010, .router_id = 1, .restart = {}}, settings, 1, now);
    session.start(now);
    session.tick(now + 10s);
    CHECK(session.status().reason_code == "tcp-timeout");
    CHECK(session.status().reason_text.find("MD5") != std::string::npos);
    CHECK(session.status().reason_text.find("secret") == std::string::npos);
}

TEST_CASE("a peer's status tells its story") {
    Established peer;
    auto status = peer.session.status();
    CHECK(status.name == "peer");
    CHECK(status.remote_id == RouterId{2});
    CHECK(status.negotiated_hold == 9s);
    CHECK(status.capabilities == std::vector<std::string>{"multiprotocol-ipv4",
                                                          "multiprotocol-ipv6", "route-refresh",
                                                          "four-octet-as"});
    CHECK(status.established_count == 1);
    CHECK(status.messages_in ==
          std::map<std::string, std::uint64_t>{{"keepalive", 1}, {"open", 1}});
    CHECK(status.messages_out ==
          std::map<std::string, std::uint64_t>{{"keepalive", 1}, {"open", 1}});
    std::vector<SessionState> states;
    for (const auto& change : status.history)
        states.push_back(change.state);
    CHECK(states == std::vector{SessionState::connect, SessionState::open_sent,
                                SessionState::open_confirm, SessionState::established});
    peer.now += 1s;
    peer.session.lost(out, {"tcp-reset", "connection lost"}, peer.now);
    status = peer.session.status();
    CHECK(status.since == peer.now);
    CHECK(status.state == SessionState::active);
    CHECK(status.history.back().reason_code == "tcp-reset");
    CHECK(status.failures == 1);
    REQUIRE(status.next_dial);
    CHECK(*status.next_dial > peer.now);
}

TEST_CASE("the history of a peer that fails for ever is bounded") {
    const TimePoint start{1h};
    Session session({.as = 65010, .router_id = 1, .restart = {}}, peer_settings(65001, "192.0.2.2"),
                    1, start);
    session.start(start);
    for (int i = 0; i < 100; ++i) {
        session.lost(out, {"tcp-refused", ""}, start + i * 60s);
        session.tick(start + i * 60s + 30s);
    }
    CHECK(session.status().history.size() == 16);
    CHECK(session.status().failures == 100);
}
