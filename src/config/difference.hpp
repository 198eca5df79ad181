#pragma once
// What a reload would do, before it does it: every difference between two configurations, with what
// it costs. Pure.

#include "src/config/config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// The most that a difference can lead to; ascending.
enum class Impact : std::uint8_t {
    policy,  // other decisions from now on; may or may not change what is seen outside
    kernel,  // writes to the kernel's table
    announce,  // routes or addresses appear, disappear or are announced anew
    session_reset,  // a BGP session opens, closes or starts again
    restart,  // cannot change while vipd runs
};

/// "policy", "kernel-writes", "re-announce", "session-reset", "needs-restart"
std::string_view to_string(Impact impact);

struct Difference {
    Impact impact = Impact::policy;
    std::string subject;  // "service text-https", "peer cr1", "vip text", or a top-level key
    std::string text;  // "server cp1: weight 10 -> 20"

    /// "kernel-writes: service text-https: server cp1: weight 10 -> 20"
    std::string to_string() const;
    bool operator==(const Difference&) const = default;
};

/// None for equal configurations. In the order: top level, peers, VIPs, services, each by name.
std::vector<Difference> differences(const Config& before, const Config& after);

/// Those that make a reload impossible.
std::vector<Difference> needing_restart(const std::vector<Difference>& all);

}  // namespace vipd
