#pragma once
// The private services by which probes reach one server each through a VIP, as values
// (docs/monitors.md, "Through the VIP").

#include "ipvs/table.hpp"
#include "src/config/config.hpp"

#include <compare>

namespace vipd {

/// What a private service is for. Services that forward to a server in the same way share one:
/// it takes every VIP and port.
struct VipPathKey {
    Family vip_family = Family::ipv4;
    ipvs::DestinationKey server;
    ipvs::Forwarding forwarding = ipvs::Forwarding::tunnel;
    ipvs::Tunnel tunnel;
    /// Different probes of one server that connect to the same VIP and port need ports, and so
    /// marks, of their own: 0, 1, …
    unsigned slot = 0;

    auto operator<=>(const VipPathKey&) const = default;
};

/// The path to a server of `service`, with slot 0.
VipPathKey vip_path_key(const ServiceConfig& service, Family vip_family, const Address& address,
                        const ServerConfig& server);

/// What the kernel must have under the path's mark: the server alone, so that nothing is chosen.
ipvs::Service private_service(const VipPathKey& key);

}  // namespace vipd
