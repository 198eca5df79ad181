#pragma once
// How a probe reaches one certain server through the VIP (docs/monitors.md, "Through the VIP").

#include "src/base/address.hpp"

#include <cstdint>

namespace vipd::monitors {

struct VipPath {
    /// SO_MARK: a private service of the kernel sends whatever carries it to this one server.
    std::uint32_t mark = 0;
    /// Always the same for one server: IPVS looks for a known connection by the source before it
    /// looks at marks (net/netfilter/ipvs/ip_vs_core.c, ip_vs_in_hook), and an entry that a lost
    /// probe left behind must lead to no other server. If somebody else has the port, any is taken.
    std::uint16_t source_port = 0;
    /// The server's own address. Where no source is configured, probes leave from the address that
    /// the kernel would speak to it from: left to itself it would choose the VIP, and the answers
    /// would not come back.
    Address server{};

    bool operator==(const VipPath&) const = default;
};

}  // namespace vipd::monitors
