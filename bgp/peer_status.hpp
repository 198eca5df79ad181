#pragma once
// What an operator may know of one peer.

#include "bgp/types.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vipd::bgp {

struct FamilyCounts {
    std::uint64_t wanted = 0;
    std::uint64_t advertised = 0;
    std::uint64_t pending = 0;
    bool negotiated = false;
    /// Prefixes that the peer announces to us, as far as max_prefixes allows to know.
    std::uint64_t received = 0;
    /// RFC 4724 End-of-RIB in this session.
    bool end_of_rib_sent = false;
    bool end_of_rib_received = false;
    bool operator==(const FamilyCounts&) const = default;
};

struct StateChange {
    TimePoint at;
    SessionState state = SessionState::idle;
    std::string reason_code;

    bool operator==(const StateChange&) const = default;
};

/// A peer as an operator sees it. A copy; never changes.
struct PeerStatus {
    std::string name;
    SessionState state = SessionState::idle;
    TimePoint since;
    /// Why the session is not up, or how it last ended: "tcp-refused: …", "notification-received:
    /// 6/2 …".
    std::string reason_code;
    std::string reason_text;
    std::optional<TimePoint> next_dial;
    std::uint64_t established_count = 0;
    std::chrono::seconds negotiated_hold{0};
    std::optional<RouterId> remote_id;
    std::map<Family, FamilyCounts> families;
    std::map<std::string, std::uint64_t> messages_in;  // by type: "open", "update", …
    std::map<std::string, std::uint64_t> messages_out;
    std::optional<std::string> last_notification_in;  // decoded, with text
    std::optional<std::string> last_notification_out;

    /// What both sides offered: "multiprotocol-ipv4", "route-refresh", "graceful-restart", …
    std::vector<std::string> capabilities;
    /// By class: "session-reset", "treat-as-withdraw", "attribute-discard", "hold-timer-expired", …
    std::map<std::string, std::uint64_t> errors;
    /// The latest, oldest first; at most 16.
    std::vector<StateChange> history;
    /// Failures in a row: what the back-off goes by.
    std::uint64_t failures = 0;
    /// The peer announces more than max_prefixes; what is beyond is ignored.
    bool max_prefixes_exceeded = false;
    /// Wanted routes whose attributes fit in no message; not advertised.
    std::uint64_t oversized = 0;
    /// From want() until all that was wanted was written: the last time, and the longest of this
    /// session.
    std::optional<std::chrono::microseconds> wanted_to_written;
    std::optional<std::chrono::microseconds> longest_wanted_to_written;

    bool operator==(const PeerStatus&) const = default;
};

}  // namespace vipd::bgp
