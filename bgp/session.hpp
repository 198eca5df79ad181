#pragma once
// Everything about one peer but its sockets: state machine, framing, routes, counters. Bytes,
// events and `now` in; bytes, actions and the next deadline out. One thread.

#include "bgp/adj_rib_in.hpp"
#include "bgp/adj_rib_out.hpp"
#include "bgp/framer.hpp"
#include "bgp/fsm.hpp"
#include "bgp/output_queue.hpp"
#include "bgp/peer_settings.hpp"
#include "bgp/peer_status.hpp"
#include "bgp/types.hpp"
#include "src/base/time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

namespace vipd::bgp {

/// Who we are, to every peer.
struct LocalSpeaker {
    AsNumber as = 0;
    RouterId router_id = 0;
    RestartState restart;
};

namespace action {
/// Connect the outgoing slot.
struct Dial {};
/// Write what this slot's output() holds, as far as the socket takes it, and close.
struct Close {
    Slot slot{};
    /// What is left to write: at most one begun message and a NOTIFICATION.
    Bytes farewell;
};
/// These routes are on their way in the socket.
struct Written {
    std::vector<Prefix> advertised;
    std::vector<Prefix> withdrawn;
};
/// Nothing is advertised to this peer any more.
struct RoutesLost {};
}  // namespace action

using Action = std::variant<action::Dial, action::Close, action::Written, action::RoutesLost>;

class Session {
public:
    Session(LocalSpeaker local, PeerSettings settings, std::uint32_t seed, TimePoint now);

    void start(TimePoint now);
    /// For good: NOTIFICATION (if any) and close, no further dial.
    void stop(const std::optional<Notification>& farewell, Reason reason, TimePoint now);

    /// What to answer a connection that the peer opened, before closing it; nothing:
    /// connected(incoming).
    std::optional<Notification> refusal() const { return fsm_.refusal(); }
    /// `local` is our end: the next hop where none is configured for its family.
    void connected(Slot slot, const Address& local, TimePoint now);
    void lost(Slot slot, Reason reason, TimePoint now);
    void received(Slot slot, std::span<const std::uint8_t> bytes, TimePoint now);
    void tick(TimePoint now);

    /// Only what changed. `asked` is when it was, `now` or before.
    void want(const WantedRoutes& changes, TimePoint asked);
    /// All there is; what is not named stays as it was.
    void want_all(const std::map<Prefix, RouteAttributes>& wanted, TimePoint asked);
    /// The same peer with other settings that need no new session: see keeps_session(). `wanted` is
    /// all there is.
    void change(PeerSettings settings, const std::map<Prefix, RouteAttributes>& wanted,
                TimePoint now);
    /// Everything known before a restart has been wanted again: End-of-RIB may follow (RFC 4724
    /// §4.1). Once is enough.
    void initial_set_complete();

    /// What to write next: at most some ten kilobytes at a time, however much there is to tell.
    /// Empty: nothing.
    std::span<const std::uint8_t> output(Slot slot);
    /// The socket took that much of output().
    void written(Slot slot, std::size_t count, TimePoint now);

    /// What happened since the last call, in order.
    std::vector<Action> take_actions() { return std::exchange(actions_, {}); }
    std::optional<TimePoint> next_deadline() const { return fsm_.next_deadline(); }
    bool ibgp() const { return fsm_.settings().ibgp(); }
    PeerStatus status() const;
    const PeerSettings& settings() const { return settings_; }

private:
    struct Connection {
        Framer framer;
        OutputQueue output;
        Address local;
    };

    void step(Input input, TimePoint now);
    void carry_out(output::Dial& dial);
    void carry_out(output::Send& send);
    void carry_out(output::Close& close);
    void carry_out(output::Established& established);
    void carry_out(output::Down& down);
    void carry_out(output::Deliver& deliver);
    void carry_out(output::Refresh& refresh);
    void carry_out(output::NotificationSent& sent);
    void carry_out(output::NotificationReceived& received);

    Connection& connection(Slot slot) { return connections_[static_cast<std::size_t>(slot)]; }
    const Connection& connection(Slot slot) const {
        return connections_[static_cast<std::size_t>(slot)];
    }
    void fill(Slot slot);
    ExportContext export_context(Slot slot) const;
    void want_one(const Prefix& prefix, const RouteAttributes& attributes);
    void request_end_of_rib();
    std::optional<GracefulRestart> graceful_restart() const;
    void note_state(SessionState before, TimePoint now);
    void note_wanted(TimePoint asked);
    void note_written(TimePoint now);
    void count_problems(const Update& update);
    void count_error(const Notification& notification);
    Reason shown_reason() const;
    std::vector<std::string> capabilities(const Negotiated& negotiated) const;
    FamilyCounts counts(Family family) const;

    LocalSpeaker local_;
    PeerSettings settings_;
    bool initial_set_complete_ = false;
    PeerFsm fsm_;
    AdjRibOut rib_;
    AdjRibIn received_;
    std::array<Connection, 2> connections_;
    std::vector<Action> actions_;
    TimePoint now_;

    /// When the oldest change that is not written yet was asked for.
    std::optional<TimePoint> unwritten_since_;

    TimePoint since_;
    std::uint64_t established_count_ = 0;
    std::map<std::string, std::uint64_t> messages_in_;
    std::map<std::string, std::uint64_t> messages_out_;
    std::optional<std::string> last_notification_in_;
    std::optional<std::string> last_notification_out_;
    std::map<std::string, std::uint64_t> errors_;
    std::deque<StateChange> history_;
    std::set<Family> end_of_rib_sent_;
    std::set<Family> end_of_rib_received_;
    std::optional<std::chrono::microseconds> wanted_to_written_;
    std::optional<std::chrono::microseconds> longest_wanted_to_written_;
};

/// Whether a peer's session survives the change from one to the other.
bool keeps_session(const PeerSettings& before, const PeerSettings& after);

}  // namespace vipd::bgp
