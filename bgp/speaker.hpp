#pragma once
// The public face of bgp/: a thread that keeps a session with every configured peer and tells them
// our routes. Level-triggered: it is given the routes that are wanted, and writes to each peer what
// that peer does not have yet.

#include "bgp/peer_settings.hpp"
#include "bgp/peer_status.hpp"
#include "bgp/types.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vipd::bgp {

struct SpeakerSettings {
    AsNumber local_as = 0;
    RouterId router_id = 0;
    std::vector<Endpoint> listen;  // empty: dial only
    RestartState restart;

    bool operator==(const SpeakerSettings&) const = default;
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

class Speaker {
public:
    /// Called on the bgp thread; must not block (post it on).
    using Sink = std::function<void(SpeakerEvent)>;

    /// Binds the listening sockets, so that a port in use is found at start. Throws
    /// std::system_error.
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

    /// From any thread. Every route known before this start is wanted again, or never will be: each
    /// peer gets an End-of-RIB marker behind what is wanted now, in this session and later ones,
    /// and forgets stale routes by it (RFC 4724 §4.1). Nothing calls this by itself.
    void initial_set_complete();

    /// From any thread. Closes all sessions as if the process had died, so that peers with graceful
    /// restart keep our routes; then calls `done` on the bgp thread. For a restart; afterwards only
    /// destruction is left.
    void close_without_notification(std::function<void()> done);

    /// From any thread. Sends Cease/Administrative Shutdown with this text (RFC 9003, at most 255
    /// bytes UTF-8) to all peers, closes, and calls `done` on the bgp thread when the last one is
    /// closed, 2 s later at the latest.
    void shut_down(std::string text, std::function<void()> done);

    /// From any thread: when the thread last came round its loop, for the watchdog.
    TimePoint last_progress() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd::bgp
