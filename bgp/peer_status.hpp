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

namespace vipd::bgp {

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

    bool operator==(const PeerStatus&) const = default;
};

}  // namespace vipd::bgp
