#pragma once
// What is configured for one peer.

#include "bgp/types.hpp"
#include "src/base/address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vipd::bgp {

/// RFC 4724, of this start of the process. All false: a cold start.
struct RestartState {
    /// R: a former life had sessions. In each OPEN until initial_set_complete().
    bool restarted = false;
    /// F until initial_set_complete(): the dataplane went on through the restart.
    bool forwarding_preserved = false;
    /// F afterwards: the dataplane goes on when a session breaks, for it is the kernel's and not
    /// ours.
    bool forwarding_persistent = false;

    bool operator==(const RestartState&) const = default;
};

/// What is different about our routes for one peer. How much worse a route is to look counts from
/// there. Where a route carries GRACEFUL_SHUTDOWN, its own MED, local preference and longer path
/// stay: it is leaving, and no peer may be told otherwise.
struct RouteOverrides {
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    std::optional<std::uint8_t> prepend;
    std::vector<Community> add_communities;
    std::vector<LargeCommunity> add_large_communities;
    /// Only these prefixes; absent: all.
    std::optional<std::set<Prefix>> only;

    bool operator==(const RouteOverrides&) const = default;
};

/// As this peer is told of a route; nothing: it is not told.
std::optional<RouteAttributes> overridden(const RouteOverrides& overrides, const Prefix& prefix,
                                          const RouteAttributes& attributes);

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
    RouteOverrides overrides;
    /// RFC 4724: how long the peer shall keep our routes when we are gone without a word, at most
    /// 4095 s; absent: not offered.
    std::optional<std::chrono::seconds> graceful_restart;
    /// More than this many prefixes from the peer are not counted, and shown as an alert. Never a
    /// reason to end the session: a router's leak must not withdraw our VIPs.
    std::size_t max_prefixes = 1000;

    bool operator==(const PeerSettings&) const = default;
};

}  // namespace vipd::bgp
