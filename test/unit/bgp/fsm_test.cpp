#include "bgp/fsm.hpp"

#include "src/base/overloaded.hpp"
#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;
using namespace std::chrono_literals;

namespace {

constexpr AsNumber our_as = 65010;
constexpr AsNumber their_as = 65001;
constexpr RouterId our_id = 0x0a000002;

FsmSettings settings_of(AsNumber remote_as = their_as) {
    FsmSettings settings;
    settings.offer = {.local_as = our_as,
                      .families = {Family::ipv4, Family::ipv6},
                      .graceful_restart = std::nullopt};
    settings.router_id = our_id;
    settings.remote_as = remote_as;
    return settings;
}

Open their_open(RouterId id = 0x0a000001, AsNumber as = their_as) {
    Open open;
    open.as16 = static_cast<std::uint16_t>(as);
    open.hold_time = 90s;
    open.router_id = id;
    open.capabilities.four_octet_as = as;
    open.capabilities.families = {Family::ipv4, Family::ipv6};
    return open;
}

/// "OPEN", "KEEPALIVE", "N 6/7", "dial", "close": what goes out, in order; of the incoming slot
/// with a "<" before it.
std::string shown(const Output& output) {
    const auto of_slot = [](Slot slot) { return slot == Slot::incoming ? "<" : ""; };
    return std::visit(
        overloaded{
            [](const output::Dial&) -> std::string { return "dial"; },
            [&](const output::Send& send) -> std::string {
                if (send.type == MessageType::notification) {
                    return of_slot(send.slot) + ("N " + std::to_string(send.bytes[header_size])) +
                           "/" + std::to_string(send.bytes[header_size + 1]);
                }
                return std::string(of_slot(send.slot)) + std::string(to_string(send.type));
            },
            [&](const output::Close& close) -> std::string {
                return std::string(of_slot(close.slot)) + "close";
            },
            [](const output::Established&) -> std::string { return "up"; },
            [](const output::Down&) -> std::string { return "down"; },
            [](const output::Deliver&) -> std::string { return "deliver"; },
            [](const output::Refresh&) -> std::string { return "refresh"; },
            [](const output::NotificationSent&) -> std::string { return ""; },
            [](const output::NotificationReceived&) -> std::string { return ""; },
        },
        output);
}

struct Machine {
    explicit Machine(FsmSettings settings = settings_of()) : fsm(std::move(settings), 1) {}

    /// The outputs as words, then the state.
    std::string step(Input input) {
        std::string text;
        for (const auto& output : fsm.step(std::move(input), now)) {
            const auto word = shown(output);
            if (!word.empty()) text += word + ", ";
        }
        return text + std::string(to_string(fsm.state()));
    }
    std::string after(Duration time) {
        now += time;
        return step(input::Tick{});
    }
    std::string open(Slot slot, const Open& message) {
        return step(input::Received{slot, message});
    }
    std::string keepalive(Slot slot) { return step(input::Received{slot, Keepalive{}}); }

    PeerFsm fsm;
    TimePoint now{1h};
};

/// A peer in that state on its outgoing connection; Active by a passive one.
Machine machine_in(SessionState state) {
    auto settings = settings_of();
    settings.passive = state == SessionState::active;
    Machine machine(settings);
    if (state != SessionState::idle) machine.step(input::Start{});
    if (state >= SessionState::open_sent) machine.step(input::Connected{out});
    if (state >= SessionState::open_confirm) machine.open(out, their_open());
    if (state >= SessionState::established) machine.keepalive(out);
    REQUIRE(machine.fsm.state() == state);
    return machine;
}

Notification notification(ErrorCode code, std::uint8_t subcode) {
    return {code, subcode, {}};
}

constexpr std::array<SessionState, 6> all_states{
    SessionState::idle,      SessionState::connect,      SessionState::active,
    SessionState::open_sent, SessionState::open_confirm, SessionState::established};

/// A row of RFC 4271 §8.2.2: an event, and what it does in each of the six states in their order.
struct EventRow {
    std::string_view event;
    std::function<std::string(Machine&)> happens;
    std::array<std::string_view, 6> expected;
};

void check_event(const EventRow& row) {
    for (std::size_t i = 0; i < all_states.size(); ++i) {
        INFO(row.event << " in " << to_string(all_states[i]));
        auto machine = machine_in(all_states[i]);
        CHECK(row.happens(machine) == row.expected[i]);
    }
}

EventRow received(std::string_view event, const Message& message,
                  std::array<std::string_view, 6> expected) {
    return {event,
            [message](Machine& machine) {
                return machine.step(input::Received{out, message});
            },
            expected};
}

EventRow malformed(std::string_view event, Notification found,
                   std::array<std::string_view, 6> expected) {
    return {event,
            [found](Machine& machine) {
                return machine.step(input::Malformed{out, DecodeError(found)});
            },
            expected};
}

}  // namespace

// The columns: Idle, Connect, Active, OpenSent, OpenConfirm, Established. In Idle, Connect and
// Active there is no connection that a message could come from, so those cells say that nothing
// happens. Events without an input here: 6, 7 (damped starts: every start is damped), 12, 20
// (DelayOpen is not implemented), 15 (the listener's).

TEST_CASE("events 1, 3: start") {
    check_event(
        {"start",
         [](Machine& machine) { return machine.step(input::Start{}); },
         {"dial, connect", "connect", "active", "open-sent", "open-confirm", "established"}});
}

TEST_CASE("events 4, 5: passive start") {
    auto settings = settings_of();
    settings.passive = true;
    Machine machine(settings);
    CHECK(machine.step(input::Start{}) == "active");
    CHECK_FALSE(machine.fsm.next_deadline());
}

TEST_CASE("events 2, 8: stop") {
    check_event(
        {"stop",
         [](Machine& machine) {
             return machine.step(input::Stop{notification(ErrorCode::cease, 2), {"stopped", ""}});
         },
         {"idle", "close, idle", "idle", "N 6/2, close, idle", "N 6/2, close, idle",
          "N 6/2, close, down, idle"}});
}

TEST_CASE("stop without a farewell closes as if we had died") {
    check_event(
        {"silent stop",
         [](Machine& machine) {
             return machine.step(input::Stop{std::nullopt, {"restart", ""}});
         },
         {"idle", "close, idle", "idle", "close, idle", "close, idle", "close, down, idle"}});
}

TEST_CASE("event 9: ConnectRetryTimer expires") {
    check_event({"10 s without a word",
                 [](Machine& machine) { return machine.after(10s); },
                 {"idle", "close, dial, connect", "active", "open-sent", "N 4/0, close, idle",
                  "N 4/0, close, down, idle"}});
    auto machine = machine_in(SessionState::connect);
    CHECK(machine.after(9999ms) == "connect");
    CHECK(machine.after(1ms) == "close, dial, connect");
    CHECK(machine.fsm.reason().code == "tcp-timeout");
    CHECK(machine.after(10s) == "close, dial, connect");
}

TEST_CASE("event 10: HoldTimer expires") {
    check_event({"4 min",
                 [](Machine& machine) { return machine.after(4min); },
                 {"idle", "close, dial, connect", "active", "N 4/0, close, idle",
                  "N 4/0, close, idle", "N 4/0, close, down, idle"}});
    for (const auto state : {SessionState::open_confirm, SessionState::established}) {
        auto machine = machine_in(state);
        CHECK(machine.after(8999ms).find("N 4/0") == std::string::npos);
        CHECK(machine.after(1ms).find("N 4/0") != std::string::npos);
    }
}

TEST_CASE("event 11: KeepaliveTimer expires") {
    check_event({"3 s",
                 [](Machine& machine) { return machine.after(3s); },
                 {"idle", "connect", "active", "open-sent", "keepalive, open-confirm",
                  "keepalive, established"}});
}

TEST_CASE("event 13: IdleHoldTimer expires") {
    auto machine = machine_in(SessionState::open_sent);
    CHECK(machine.step(
              input::Malformed{out, DecodeError(notification(ErrorCode::message_header, 1))}) ==
          "N 1/1, close, idle");
    CHECK(machine.after(749ms) == "idle");
    CHECK(machine.after(251ms) == "dial, connect");
}

TEST_CASE("event 16: our connection is up") {
    check_event({"connected",
                 [](Machine& machine) { return machine.step(input::Connected{out}); },
                 {"close, idle", "open, open-sent", "close, active", "open-sent", "open-confirm",
                  "established"}});
}

TEST_CASE("events 14, 17: a connection of the peer's is accepted") {
    check_event({"accepted",
                 [](Machine& machine) { return machine.step(input::Connected{in}); },
                 {"<close, idle", "<open, open-sent", "<open, open-sent", "<open, open-sent",
                  "<open, open-confirm", "<close, established"}});
}

TEST_CASE("event 18: the TCP connection fails") {
    check_event({"lost",
                 [](Machine& machine) {
                     return machine.step(input::Lost{out, {"tcp-closed", ""}});
                 },
                 {"idle", "close, active", "active", "close, active", "close, active",
                  "close, down, active"}});
}

TEST_CASE("event 19: OPEN") {
    check_event(received("OPEN", their_open(),
                         {"idle", "connect", "active", "keepalive, open-confirm",
                          "N 5/2, close, idle", "N 5/3, close, down, idle"}));
}

TEST_CASE("event 21: message header error") {
    check_event(malformed("header error", notification(ErrorCode::message_header, 2),
                          {"idle", "connect", "active", "N 1/2, close, idle", "N 1/2, close, idle",
                           "N 1/2, close, down, idle"}));
}

TEST_CASE("event 22: OPEN message error") {
    check_event(malformed("OPEN error", notification(ErrorCode::open_message, 4),
                          {"idle", "connect", "active", "N 2/4, close, idle", "N 2/4, close, idle",
                           "N 2/4, close, down, idle"}));
}

TEST_CASE("event 23: a connection loses a collision") {
    check_event(
        {"an OPEN with a greater identifier on the peer's connection",
         [](Machine& machine) {
             machine.step(input::Connected{in});
             return machine.open(in, their_open(0x0a000009));
         },
         {"idle", "<keepalive, close, open-confirm", "<keepalive, open-confirm",
          "<keepalive, open-confirm", "N 6/7, close, <keepalive, open-confirm", "established"}});
}

TEST_CASE("event 24: a NOTIFICATION about the version") {
    check_event(
        received("version error", notification(ErrorCode::open_message, 1),
                 {"idle", "connect", "active", "close, idle", "close, idle", "close, down, idle"}));
}

TEST_CASE("event 25: a NOTIFICATION") {
    check_event(
        received("Cease", notification(ErrorCode::cease, 2),
                 {"idle", "connect", "active", "close, idle", "close, idle", "close, down, idle"}));
}

TEST_CASE("event 26: KEEPALIVE") {
    check_event(received(
        "KEEPALIVE", Keepalive{},
        {"idle", "connect", "active", "N 5/1, close, idle", "up, established", "established"}));
}

TEST_CASE("event 27: UPDATE") {
    check_event(received("UPDATE", Update{},
                         {"idle", "connect", "active", "N 5/1, close, idle", "N 5/2, close, idle",
                          "deliver, established"}));
}

TEST_CASE("event 28: UPDATE message error") {
    check_event(malformed("UPDATE error", notification(ErrorCode::update_message, 1),
                          {"idle", "connect", "active", "N 5/1, close, idle", "N 5/2, close, idle",
                           "N 3/1, close, down, idle"}));
}

TEST_CASE("ROUTE-REFRESH is treated as an UPDATE is") {
    check_event(received("ROUTE-REFRESH", RouteRefresh{.afi = 1, .subtype = 0, .safi = 1},
                         {"idle", "connect", "active", "N 5/1, close, idle", "N 5/2, close, idle",
                          "refresh, established"}));
}

TEST_CASE("event 29: SendHoldTimer expires") {
    const input::Progress stuck{
        .slot = out, .took_some = false, .whole_message = false, .more_waiting = true};
    for (const auto state : {SessionState::open_sent, SessionState::open_confirm}) {
        auto machine = machine_in(state);
        const auto before = machine.fsm.next_deadline();
        machine.step(stuck);
        CHECK(machine.fsm.next_deadline() == before);
    }
    auto machine = machine_in(SessionState::established);
    machine.step(stuck);
    std::string seen;
    for (int i = 0; i < 8 * 60; ++i) {  // alive in every other way
        machine.keepalive(out);
        machine.step(stuck);
        seen = machine.after(1s);
        if (i < 8 * 60 - 1) REQUIRE(machine.fsm.state() == SessionState::established);
    }
    CHECK(seen == "N 8/0, close, down, idle");
}

TEST_CASE("the SendHoldTimer starts anew whenever the peer takes something") {
    auto machine = machine_in(SessionState::established);
    const input::Progress slow{
        .slot = out, .took_some = true, .whole_message = false, .more_waiting = true};
    for (int i = 0; i < 20 * 60; ++i) {
        machine.keepalive(out);
        machine.step(slow);
        machine.after(1s);
    }
    CHECK(machine.fsm.state() == SessionState::established);
    SECTION("and stops when nothing waits") {
        machine.step(input::Progress{
            .slot = out, .took_some = true, .whole_message = true, .more_waiting = false});
        for (int i = 0; i < 20 * 60; ++i) {
            machine.keepalive(out);
            machine.after(1s);
        }
        CHECK(machine.fsm.state() == SessionState::established);
    }
}

TEST_CASE("unexpected messages are answered with their type (RFC 6608)") {
    auto machine = machine_in(SessionState::open_sent);
    const auto outputs = machine.fsm.step(input::Received{out, Keepalive{}}, machine.now);
    const auto* send = std::get_if<output::Send>(&outputs[1]);
    REQUIRE(send != nullptr);
    CHECK(hex(std::span(send->bytes).subspan(header_size)) == "050104");
}

TEST_CASE("a broken NOTIFICATION is not answered") {
    auto machine = machine_in(SessionState::established);
    CHECK(machine.step(input::Malformed{out, DecodeError(notification(ErrorCode::message_header, 2),
                                                         false)}) == "close, down, idle");
}

TEST_CASE("an OPEN that is not from the peer we configured is refused") {
    auto machine = machine_in(SessionState::open_sent);
    SECTION("another AS") {
        CHECK(machine.open(out, their_open(1, 65002)) == "N 2/2, close, idle");
        CHECK(machine.fsm.reason().text == "2/2 OPEN Message Error, Bad Peer AS");
    }
    SECTION("our own identifier is fine from another AS (RFC 6286)") {
        CHECK(machine.open(out, their_open(our_id)) == "keepalive, open-confirm");
    }
    SECTION("our own identifier from our own AS is not") {
        Machine internal(settings_of(our_as));
        internal.step(input::Start{});
        internal.step(input::Connected{out});
        CHECK(internal.open(out, their_open(our_id, our_as)) == "N 2/3, close, idle");
    }
    SECTION("a four-octet AS behind an old field (RFC 6793)") {
        auto settings = settings_of(4200000000);
        Machine four(settings);
        four.step(input::Start{});
        four.step(input::Connected{out});
        auto open = their_open(1, 4200000000);
        open.as16 = as_trans;
        CHECK(four.open(out, open) == "keepalive, open-confirm");
    }
}

TEST_CASE("what is negotiated") {
    auto machine = machine_in(SessionState::open_sent);
    auto open = their_open();
    open.hold_time = 30s;
    open.capabilities.families = {Family::ipv6};
    SECTION("families both have, the lesser hold time") {
        machine.open(out, open);
        const auto& negotiated = machine.fsm.negotiated(out);
        CHECK(negotiated.hold_time == 9s);
        CHECK(negotiated.context.families == std::set<Family>{Family::ipv6});
        CHECK(negotiated.context.four_octet_as);
        CHECK_FALSE(negotiated.context.ibgp);
        CHECK(negotiated.remote_id == 0x0a000001);
    }
    SECTION("a peer with a shorter hold time gets keepalives for it") {
        open.hold_time = 3s;
        machine.open(out, open);
        CHECK(machine.after(1s) == "keepalive, open-confirm");
    }
    SECTION("hold time 0: no timer at all") {
        open.hold_time = 0s;
        machine.open(out, open);
        machine.keepalive(out);
        CHECK_FALSE(machine.fsm.next_deadline());
    }
    SECTION("an old speaker") {
        open.capabilities.four_octet_as.reset();
        machine.open(out, open);
        CHECK_FALSE(machine.fsm.negotiated(out).context.four_octet_as);
    }
}

TEST_CASE("keepalives are jittered, never late, and never sent in a flood") {
    auto machine = machine_in(SessionState::established);
    auto last = machine.now;
    for (int i = 0; i < 100; ++i) {
        const auto next = machine.fsm.next_deadline();
        REQUIRE(next);
        CHECK(*next - last >= 2250ms);
        CHECK(*next - last <= 3000ms);
        machine.keepalive(out);
        machine.now = *next;
        REQUIRE(machine.after(0s) == "keepalive, established");
        last = machine.now;
    }
}

TEST_CASE("any whole message we send puts the next keepalive off") {
    auto machine = machine_in(SessionState::established);
    machine.after(2s);
    machine.keepalive(out);
    machine.step(input::Progress{
        .slot = out, .took_some = true, .whole_message = true, .more_waiting = false});
    CHECK(machine.after(2s) == "established");
    CHECK(machine.after(1s) == "keepalive, established");
}

TEST_CASE("the back-off doubles up to its limit, with jitter, and never gives up") {
    auto machine = machine_in(SessionState::connect);
    const std::array<Duration, 8> longest{1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s};
    for (const auto wait : longest) {
        CHECK(machine.step(input::Lost{out, {"tcp-refused", "refused"}}) == "close, active");
        const auto next = machine.fsm.next_dial();
        REQUIRE(next);
        CHECK(*next - machine.now <= wait);
        CHECK(*next - machine.now >= wait * 3 / 4);
        CHECK(machine.after(wait) == "dial, connect");
    }
    CHECK(machine.fsm.failures() == 8);
}

TEST_CASE("the back-off outlives a session that was Established for a moment only") {
    Machine machine;
    machine.step(input::Start{});
    for (const auto wait : std::array<Duration, 4>{1s, 2s, 4s, 8s}) {
        machine.step(input::Connected{out});
        machine.open(out, their_open());
        CHECK(machine.keepalive(out) == "up, established");
        machine.now += 5s;
        machine.keepalive(out);
        CHECK(machine.step(input::Received{out, notification(ErrorCode::cease, 4)}) ==
              "close, down, idle");
        CHECK(*machine.fsm.next_dial() - machine.now >= wait * 3 / 4);
        CHECK(machine.after(wait) == "dial, connect");
    }
    SECTION("a stable one ends it") {
        machine.step(input::Connected{out});
        machine.open(out, their_open());
        machine.keepalive(out);
        for (int i = 0; i < 10; ++i) {
            machine.now += 3s;
            machine.keepalive(out);
        }
        machine.step(input::Lost{out, {"tcp-reset", ""}});
        CHECK(*machine.fsm.next_dial() - machine.now <= 1s);
    }
}

TEST_CASE(
    "after an error the peer's own attempts are refused as well, after a lost connection they are "
    "not") {
    auto machine = machine_in(SessionState::established);
    SECTION("an error") {
        machine.step(
            input::Malformed{out, DecodeError(notification(ErrorCode::update_message, 1))});
        CHECK(machine.fsm.refusal() == notification(ErrorCode::cease, cease::connection_rejected));
        machine.after(1s);
        CHECK_FALSE(machine.fsm.refusal());
    }
    SECTION("lost") {
        machine.step(input::Lost{out, {"tcp-reset", ""}});
        CHECK_FALSE(machine.fsm.refusal());
        CHECK(machine.step(input::Connected{in}) == "<open, open-sent");
        CHECK(machine.after(1s) == "open-sent");  // no second attempt of our own meanwhile
    }
    SECTION("stopped") {
        machine.step(input::Stop{std::nullopt, {"stopped", ""}});
        CHECK(machine.fsm.refusal() == notification(ErrorCode::cease, cease::connection_rejected));
    }
}

TEST_CASE("a passive peer never dials and takes connections again and again") {
    auto settings = settings_of();
    settings.passive = true;
    Machine machine(settings);
    machine.step(input::Start{});
    for (int i = 0; i < 3; ++i) {
        CHECK(machine.step(input::Connected{in}) == "<open, open-sent");
        CHECK(machine.open(in, their_open()) == "<keepalive, open-confirm");
        CHECK(machine.keepalive(in) == "up, established");
        CHECK(machine.step(input::Lost{in, {"tcp-reset", ""}}) == "<close, down, active");
        CHECK(machine.after(60s) == "active");
    }
}

TEST_CASE("collision: the connection of the side with the greater identifier survives") {
    auto machine = machine_in(SessionState::open_sent);
    machine.step(input::Connected{in});
    SECTION("theirs is greater: the one they dialled") {
        machine.open(out, their_open(0x0a000009));
        CHECK(machine.open(in, their_open(0x0a000009)) == "N 6/7, close, <keepalive, open-confirm");
        CHECK(machine.keepalive(in) == "up, established");
        CHECK(machine.fsm.established() == in);
    }
    SECTION("ours is greater: the one we dialled") {
        machine.open(out, their_open(0x0a000001));
        CHECK(machine.open(in, their_open(0x0a000001)) == "<N 6/7, <close, open-confirm");
        CHECK(machine.keepalive(out) == "up, established");
    }
    SECTION("the OPENs come in the other order") {
        machine.open(in, their_open(0x0a000001));
        CHECK(machine.open(out, their_open(0x0a000001)) ==
              "<N 6/7, <close, keepalive, open-confirm");
    }
    SECTION("numbers are compared, not octets in host order") {
        machine.open(out, their_open(0xff000001));
        CHECK(machine.open(in, their_open(0xff000001)) == "N 6/7, close, <keepalive, open-confirm");
    }
    SECTION("equal identifiers: the greater AS (RFC 6286)") {
        machine.open(out, their_open(our_id));
        CHECK(machine.open(in, their_open(our_id)) == "<N 6/7, <close, open-confirm");
    }
    SECTION("losing one connection while the other lives is no failure") {
        machine.step(input::Lost{out, {"tcp-reset", ""}});
        CHECK(machine.fsm.failures() == 0);
        CHECK(machine.fsm.state() == SessionState::open_sent);
        CHECK(machine.open(in, their_open()) == "<keepalive, open-confirm");
    }
}

TEST_CASE("collision: a connection that has seen no OPEN is not compared with") {
    auto machine = machine_in(SessionState::open_sent);
    machine.step(input::Connected{in});
    CHECK(machine.open(in, their_open(0x0a000001)) == "<keepalive, open-confirm");
    CHECK(machine.fsm.state(out) == SessionState::open_sent);
    SECTION("and falls when the other is Established") {
        CHECK(machine.keepalive(in) == "N 6/7, close, up, established");
    }
}

TEST_CASE("collision: an established session wins") {
    auto machine = machine_in(SessionState::established);
    CHECK(machine.fsm.refusal() == notification(ErrorCode::cease, cease::connection_collision));
    CHECK(machine.step(input::Connected{in}) == "<close, established");
}

TEST_CASE("collision: a dial that has not got through is given up for a connection that has") {
    auto machine = machine_in(SessionState::connect);
    machine.step(input::Connected{in});
    CHECK(machine.open(in, their_open()) == "<keepalive, close, open-confirm");
    CHECK(machine.fsm.state(out) == SessionState::idle);
    SECTION("and taken up again if that was for nothing") {
        CHECK(machine.step(input::Lost{in, {"tcp-reset", ""}}) == "<close, active");
        CHECK(machine.after(1s) == "dial, connect");
    }
}

TEST_CASE("a second connection of the peer is refused while its first one is being set up") {
    auto machine = machine_in(SessionState::connect);
    machine.step(input::Connected{in});
    CHECK(machine.fsm.refusal() == notification(ErrorCode::cease, cease::connection_rejected));
    CHECK(machine.step(input::Connected{in}) == "open-sent");
}

TEST_CASE("being told of a collision or a rejection does not shut the peer out") {
    for (const auto subcode : {cease::connection_collision, cease::connection_rejected}) {
        auto machine = machine_in(SessionState::open_sent);
        CHECK(machine.step(input::Received{out, notification(ErrorCode::cease, subcode)}) ==
              "close, active");
        CHECK_FALSE(machine.fsm.refusal());
    }
}

TEST_CASE("only a request for a family of the session refreshes") {
    auto machine = machine_in(SessionState::established);
    const auto refresh = [&](std::uint16_t afi, std::uint8_t subtype, std::uint8_t safi) {
        return machine.step(
            input::Received{out, RouteRefresh{.afi = afi, .subtype = subtype, .safi = safi}});
    };
    CHECK(refresh(2, 0, 1) == "refresh, established");
    CHECK(refresh(1, 1, 1) == "established");  // RFC 7313 BoRR
    CHECK(refresh(1, 2, 1) == "established");  // RFC 7313 EoRR
    CHECK(refresh(1, 77, 1) == "established");
    CHECK(refresh(1, 0, 128) == "established");
    CHECK(refresh(25, 0, 1) == "established");
}

TEST_CASE("every message of the peer keeps the session alive") {
    for (const Message& message :
         {Message(Keepalive{}), Message(Update{}), Message(RouteRefresh{})}) {
        auto machine = machine_in(SessionState::established);
        for (int i = 0; i < 5; ++i) {
            machine.after(8s);
            machine.step(input::Received{out, message});
        }
        CHECK(machine.fsm.state() == SessionState::established);
    }
}
