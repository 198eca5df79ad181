#pragma once
// When a server that is leaving has left (docs/policy.md §2). Pure.

#include "src/base/time.hpp"

#include <cstdint>
#include <optional>

namespace vipd {

/// A server's connections as the kernel counted them, not before `counted_since`.
struct Connections {
    std::uint32_t active = 0;  // established
    std::uint32_t inactive = 0;  // opening or closing
    TimePoint counted_since;

    bool operator==(const Connections&) const = default;
};

struct LeavingServer {
    TimePoint since;
    bool in_kernel = true;
    /// Since when the kernel has had it with weight 0, as acknowledged.
    std::optional<TimePoint> quiet_since;
    /// Absent: never counted.
    std::optional<Connections> connections;
};

struct DrainRules {
    Duration timeout{300000};
    /// Connections are waited for: TCP. UDP has none.
    bool waits = true;
};

/// When it has had its time, whatever is left on it.
TimePoint drain_deadline(const LeavingServer& server, const DrainRules& rules);

/// Nothing is left on it. A count from before it was quiet says nothing: a
/// connection may have come after it. Inactive connections count too: one that the client has
/// half-closed may be a download that still runs (IPVS sees only one direction of a tunnel), and
/// the kernel drops packets of a connection whose destination is gone.
bool idle(const LeavingServer& server);

/// Nothing is left on it, or it has had its time.
bool drained(const LeavingServer& server, const DrainRules& rules, TimePoint now);

}  // namespace vipd
