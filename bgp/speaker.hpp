#pragma once
// The public face of bgp/: a thread that keeps a session with every configured peer and tells them our routes.
// Level-triggered: it is given the routes that are wanted, and writes to each peer what that peer does not have yet.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bgp/types.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"

namespace vipd::bgp {

struct PeerSettings {
    std::string name;
    Address address;
    std::uint16_t port = 179;
    AsNumber remote_as = 0;
    std::optional<Address> local_address;
    bool passive = false;
    /// 0 (no keepalives) or 3 s and more; whole seconds.
    std::chrono::seconds hold_time{9};
    std::set<Family> families{Family::ipv4, Family::ipv6};
    /// Per family; where absent the session's own local address is used if of that family.
    std::map<Family, Address> next_hop;
    /// TCP MD5 key (RFC 2385), at most 80 bytes; empty: none. Never logged.
    std::string password;
    /// RFC 5082: packets must have come at most this many hops; absent: off.
    std::optional<std::uint8_t> ttl_security_hops;
    /// eBGP over this many hops (TTL); absent: 1 for eBGP, the system's for iBGP.
    std::optional<std::uint8_t> multihop;

    bool operator==(const PeerSettings&) const = default;
};

struct SpeakerSettings {
    AsNumber local_as = 0;
    RouterId router_id = 0;
    std::vector<Endpoint> listen;  // empty: dial only

    bool operator==(const SpeakerSettings&) const = default;
};

/// RFC 4271 §8.2.2.
enum class SessionState : std::uint8_t { idle, connect, active, open_sent, open_confirm, established };
std::string_view to_string(SessionState state);

struct FamilyCounts {
    std::uint64_t wanted = 0;
    std::uint64_t advertised = 0;
    std::uint64_t pending = 0;
    bool negotiated = false;
    bool operator==(const FamilyCounts&) const = default;
};

/// A peer as an operator sees it. A copy; never changes.
struct PeerStatus {
    std::string name;
    SessionState state = SessionState::idle;
    TimePoint since;
    /// Why the session is not up, or how it last ended: "tcp-refused: …", "notification-received: 6/2 …".
    std::string reason_code;
    std::string reason_text;
    std::optional<TimePoint> next_dial;
    std::uint64_t established_count = 0;
    std::chrono::seconds negotiated_hold{0};
    std::optional<RouterId> remote_id;
    std::map<Family, FamilyCounts> families;
    std::map<std::string, std::uint64_t> messages_in;   // by type: "open", "update", …
    std::map<std::string, std::uint64_t> messages_out;
    std::optional<std::string> last_notification_in;   // decoded, with text
    std::optional<std::string> last_notification_out;

    bool operator==(const PeerStatus&) const = default;
};

/// The peer's state, counters or reason changed.
struct PeerChanged {
    PeerStatus status;
};

/// Routes that are now on their way in the socket of one peer: advertised or withdrawn.
struct RoutesWritten {
    std::string peer;
    std::vector<Prefix> advertised;
    std::vector<Prefix> withdrawn;
    TimePoint at;
};

/// The session is down: nothing is advertised to this peer any more.
struct RoutesLost {
    std::string peer;
};

using SpeakerEvent = std::variant<PeerChanged, RoutesWritten, RoutesLost>;

/// A wanted route, or nothing: it shall not be advertised.
using WantedRoutes = std::map<Prefix, std::optional<RouteAttributes>>;

class Speaker {
public:
    /// Called on the bgp thread; must not block (post it on).
    using Sink = std::function<void(SpeakerEvent)>;

    /// Binds the listening sockets, so that a port in use is found at start. Throws std::system_error.
    Speaker(SpeakerSettings settings, Sink sink);
    /// Stops at once (sockets closed, no NOTIFICATION) and joins.
    ~Speaker();
    Speaker(const Speaker&) = delete;
    Speaker& operator=(const Speaker&) = delete;

    void start();

    /// From any thread. The whole list; sessions of peers that are unchanged are not touched.
    void configure(std::vector<PeerSettings> peers);

    /// From any thread. Only what changed; what is not named stays as it was.
    void want(WantedRoutes changes);

    /// From any thread. Sends Cease/Administrative Shutdown with this text (RFC 9003, at most 255 bytes UTF-8) to all
    /// peers, closes, and calls `done` on the bgp thread when the last one is closed, 2 s later at the latest.
    void shut_down(std::string text, std::function<void()> done);

    /// From any thread: when the thread last came round its loop, for the watchdog.
    TimePoint last_progress() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd::bgp
