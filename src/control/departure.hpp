#pragma once
// What a reload removed and still has to leave in planned order: VIP addresses (routers first, then
// the address), and kernel services (behind their address, or drained when the address stays).
// Pure.

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "src/control/model.hpp"
#include "src/policy/stop_sequence.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace vipd {

/// One VIP that is no longer configured, with the kernel services that were behind it.
struct VipDeparture {
    std::string vip;
    std::string interface;
    bgp::RouteAttributes attributes;
    std::vector<VipAddress> addresses;
    std::vector<Pool> pools;
    StopSequence sequence;

    /// Peers that are still told of one of the addresses.
    StopProgress progress() const;
};

/// A service that is no longer configured while its VIP stays: no new connections, and gone at
/// `until` or when the last connection is.
struct ServiceDeparture {
    Pool pool;
    TimePoint until;
    /// A reload has brought it back.
    bool taken_back = false;

    /// It has had its time, or nothing is left on its servers.
    bool is_over(TimePoint now) const;
};

/// The route of an address that is leaving: RFC 8326's community, and the worst preference for
/// routers that do not know it.
bgp::RouteAttributes leaving_attributes(bgp::RouteAttributes attributes);

/// The service with every destination at weight 0.
ipvs::Service emptied(ipvs::Service service);

}  // namespace vipd
