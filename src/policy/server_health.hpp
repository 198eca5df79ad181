#pragma once
// What a server's monitors say of it together. Pure.

#include "monitors/health.hpp"
#include "src/base/reason.hpp"

#include <span>
#include <string>

namespace vipd {

/// One monitor's verdict on the server.
struct MonitorVerdict {
    std::string type;
    /// Shown, but does not count.
    bool advisory = false;
    monitors::Health health = monitors::Health::unknown;
    Reason reason;
    /// Reaches the server through the VIP, as users do.
    bool via_vip = false;
};

struct ServerHealth {
    monitors::Health health = monitors::Health::unknown;
    Reason reason;

    bool operator==(const ServerHealth&) const = default;
};

/// Down when any monitor that counts says so, up when all of them do, unknown otherwise. Without
/// monitors: up.
ServerHealth judge(std::span<const MonitorVerdict> monitors);

}  // namespace vipd
