#pragma once
// The state machine of one peer (RFC 4271 §8): inputs and `now` in, outputs out; no socket, no
// clock. It has two connections, the one we dial and the one the peer dials, so that collisions
// (§6.8) are decided inside.
//
// Where every real speaker departs from the RFC's letter, so do we: a failed dial is retried by
// itself, with exponential back-off and jitter, and a session that broke waits in Idle and then
// leaves it without an operator.

#include "bgp/attribute.hpp"
#include "bgp/capability.hpp"
#include "bgp/error.hpp"
#include "bgp/message.hpp"
#include "bgp/types.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <variant>
#include <vector>

namespace vipd::bgp {

/// Which side dialled.
enum class Slot : std::uint8_t { outgoing, incoming };
constexpr std::array<Slot, 2> all_slots{Slot::outgoing, Slot::incoming};
constexpr Slot other(Slot slot) {
    return slot == Slot::outgoing ? Slot::incoming : Slot::outgoing;
}

struct FsmTimers {
    /// How long a dial may take: RFC 4271's ConnectRetryTimer while in Connect.
    Duration connect = std::chrono::seconds(10);
    /// The HoldTimer's "large value" while we wait for an OPEN (§8.2.2).
    Duration open_hold = std::chrono::minutes(4);
    /// First wait after a failure; doubles with each further one up to the limit; jitter takes up
    /// to a quarter off.
    Duration first_backoff = std::chrono::seconds(1);
    Duration longest_backoff = std::chrono::seconds(30);
    /// A session that lived this long was no failure: only then the back-off starts anew.
    Duration stable_after = std::chrono::seconds(30);
    /// RFC 9687 §3.2: twice the hold time, but no less than this.
    Duration least_send_hold = std::chrono::minutes(8);
};

struct FsmSettings {
    Offer offer;  // with our AS, families, capabilities
    RouterId router_id = 0;
    AsNumber remote_as = 0;
    std::chrono::seconds hold_time{9};
    bool passive = false;
    FsmTimers timers;

    bool ibgp() const { return offer.local_as == remote_as; }
};

/// What the two OPENs add up to.
struct Negotiated {
    UpdateContext context;
    RouterId remote_id = 0;
    std::chrono::seconds hold_time{0};
    Capabilities remote;

    bool operator==(const Negotiated&) const = default;
};

namespace input {
/// RFC 4271 events 1, 3, 4, 5.
struct Start {};
/// Events 2, 8. Without a farewell the connections are closed as if the process had died (RFC 4724
/// §4.1).
struct Stop {
    std::optional<Notification> farewell;
    Reason reason;
};
/// Events 16, 17: the dialled connection is up, or one that refusal() did not refuse was accepted.
struct Connected {
    Slot slot{};
};
/// Event 18: a dial failed, or a connection broke or was closed by the peer.
struct Lost {
    Slot slot{};
    Reason reason;
};
/// Events 19 and 24 to 27.
struct Received {
    Slot slot{};
    Message message;
};
/// Events 21, 22, 28.
struct Malformed {
    Slot slot{};
    DecodeError error;
};
/// The socket of this connection was offered bytes: what KeepaliveTimer and SendHoldTimer go by.
struct Progress {
    Slot slot{};
    bool took_some = false;
    bool whole_message = false;  // at least one is out by that
    bool more_waiting = false;  // the socket did not take all
};
/// Events 9, 10, 11, 13, 29, whichever are due at `now`.
struct Tick {};
}  // namespace input

using Input = std::variant<input::Start, input::Stop, input::Connected, input::Lost,
                           input::Received, input::Malformed, input::Progress, input::Tick>;

namespace output {
/// Begin to connect the outgoing slot.
struct Dial {};
/// Queue these bytes of one whole message.
struct Send {
    Slot slot{};
    MessageType type{};
    Bytes bytes;
};
/// Write what Send has queued if the socket takes it, then close. Nothing of this slot comes back
/// as an input.
struct Close {
    Slot slot{};
};
struct Established {
    Slot slot{};
    Negotiated negotiated;
};
/// The established session is over.
struct Down {};
/// Of the established session.
struct Deliver {
    Update update;
};
/// RFC 2918 §4: the peer asks for all our routes of a family again.
struct Refresh {
    Family family{};
};
/// For the counters and the last_… of a peer's status.
struct NotificationSent {
    Notification notification;
};
struct NotificationReceived {
    Notification notification;
};
}  // namespace output

using Output = std::variant<output::Dial, output::Send, output::Close, output::Established,
                            output::Down, output::Deliver, output::Refresh,
                            output::NotificationSent, output::NotificationReceived>;

class PeerFsm {
public:
    /// `seed` is for the jitter alone.
    PeerFsm(FsmSettings settings, std::uint32_t seed);

    /// In order; the caller carries them out before the next step.
    std::vector<Output> step(Input input, TimePoint now);

    /// When the next Tick is due; nothing: only an input from outside can change anything.
    std::optional<TimePoint> next_deadline() const;

    /// What to answer a connection that the peer opened, before it closes; nothing: hand it over as
    /// Connected.
    std::optional<Notification> refusal() const;

    /// Of the connection that got furthest.
    SessionState state() const;
    SessionState state(Slot slot) const { return connections_[index(slot)].state; }
    std::optional<Slot> established() const;
    /// Of a connection in OpenConfirm or Established.
    const Negotiated& negotiated(Slot slot) const { return connections_[index(slot)].negotiated; }
    /// Why there is no session, or how the last one ended.
    const Reason& reason() const { return reason_; }
    std::optional<TimePoint> next_dial() const { return retry_at_; }
    /// In a row, without a stable session between them: RFC 4271's ConnectRetryCounter.
    unsigned failures() const { return failures_; }
    const FsmSettings& settings() const { return settings_; }

    /// For the OPENs from now on.
    void offer_graceful_restart(std::optional<GracefulRestart> offer) {
        settings_.offer.graceful_restart = std::move(offer);
    }

private:
    /// idle: there is none. connect: being dialled. Never active, which is a state of the peer.
    struct Connection {
        SessionState state = SessionState::idle;
        std::optional<TimePoint> connect_until;
        std::optional<TimePoint> hold_until;
        std::optional<TimePoint> keepalive_at;
        std::optional<TimePoint> send_hold_until;
        Negotiated negotiated;
    };
    /// After a failure: idle refuses the peer's own attempts too, active does not.
    enum class Penalty : std::uint8_t { idle, active };
    static Penalty penalty_for(const Notification& notification);

    static std::size_t index(Slot slot) { return static_cast<std::size_t>(slot); }
    Connection& connection(Slot slot) { return connections_[index(slot)]; }

    void on(const input::Start& start);
    void on(const input::Stop& stop);
    void on(const input::Connected& connected);
    void on(const input::Lost& lost);
    void on(input::Received& received);
    void on(const input::Malformed& malformed);
    void on(const input::Progress& progress);
    void on(const input::Tick& tick);

    void on_message(Slot slot, const Open& open);
    void on_message(Slot slot, Update& update);
    void on_message(Slot slot, const Notification& notification);
    void on_message(Slot slot, const Keepalive& keepalive);
    void on_message(Slot slot, const RouteRefresh& refresh);

    void tick_connection(Slot slot);
    void leave_backoff();
    void dial();
    void confirm(Slot slot, const Open& open);
    void establish(Slot slot);
    /// False: this slot lost.
    bool survives_collision(Slot slot, const Open& open);
    bool outgoing_wins(const Open& open) const;
    void unexpected(Slot slot, MessageType type);
    std::optional<Notification> objection(const Open& open) const;
    Negotiated negotiate(const Open& open) const;

    void send(Slot slot, MessageType type, Bytes bytes);
    void send_notification(Slot slot, const Notification& notification);
    void send_keepalive(Slot slot);
    void fail_with(Slot slot, const Notification& notification);
    void fail(Slot slot, Reason reason, Penalty penalty);
    void close(Slot slot);
    void back_off(Penalty penalty);

    void restart_hold(Connection& connection);
    void restart_keepalive(Connection& connection);
    Duration send_hold_time(const Connection& connection) const;
    /// 0.75 to 1 of it (RFC 4271 §10).
    Duration jittered(Duration duration);

    FsmSettings settings_;
    std::minstd_rand random_;
    std::array<Connection, 2> connections_;
    bool started_ = false;
    /// In Idle after an error, until retry_at_.
    bool penalized_ = false;
    std::optional<TimePoint> retry_at_;
    TimePoint established_at_;
    unsigned failures_ = 0;
    Reason reason_{"stopped", "not started"};
    TimePoint now_;
    std::vector<Output> outputs_;
};

}  // namespace vipd::bgp
