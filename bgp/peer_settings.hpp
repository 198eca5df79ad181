#pragma once
// What is configured for one peer.

#include "bgp/types.hpp"
#include "src/base/address.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace vipd::bgp {

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

    bool operator==(const PeerSettings&) const = default;
};

}  // namespace vipd::bgp
