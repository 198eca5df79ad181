#pragma once
// The small values that everything in bgp/ speaks of.

#include "src/base/address.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vipd::bgp {

using AsNumber = std::uint32_t;  // RFC 6793; 0 is never valid (RFC 7607)

/// RFC 4271 §4.2 BGP Identifier; any non-zero value (RFC 6286).
using RouterId = std::uint32_t;

struct Prefix {
    Address address;
    std::uint8_t length = 32;  // bits

    /// "203.0.113.10/32"
    std::string to_string() const;
    /// The /32 or /128 of an address.
    static Prefix host(const Address& address);

    auto operator<=>(const Prefix&) const = default;
};

/// RFC 1997: high 16 bits AS, low 16 bits value.
using Community = std::uint32_t;
constexpr Community graceful_shutdown = 0xffff0000U;  // RFC 8326

/// RFC 8092.
struct LargeCommunity {
    std::uint32_t global = 0;
    std::uint32_t local1 = 0;
    std::uint32_t local2 = 0;
    auto operator<=>(const LargeCommunity&) const = default;
};

/// "64600:100", or a well-known name such as "no-export".
std::optional<Community> parse_community(std::string_view text);
std::string to_string_community(Community community);
/// "64600:1:2"
std::optional<LargeCommunity> parse_large_community(std::string_view text);
std::string to_string(const LargeCommunity& community);

/// RFC 4271 §8.2.2.
enum class SessionState : std::uint8_t {
    idle,
    connect,
    active,
    open_sent,
    open_confirm,
    established
};
std::string_view to_string(SessionState state);

/// What a route to an iBGP peer has where none is given, as with every router.
constexpr std::uint32_t default_local_pref = 100;

/// How much worse a route is to look than its attributes say, whatever a peer's overrides put in
/// their place.
struct Worsening {
    std::uint32_t med = 0;  // added to it; an absent one counts as 0 (RFC 4271 §9.1.2.2)
    std::uint32_t local_pref = 0;  // taken off it; iBGP only
    std::uint8_t prepend = 0;  // added to it

    auto operator<=>(const Worsening&) const = default;
};

/// What a route carries besides its prefix. The next hop is added per peer, ORIGIN is always IGP.
struct RouteAttributes {
    std::optional<std::uint32_t> med;
    /// iBGP only; absent there: default_local_pref.
    std::optional<std::uint32_t> local_pref;
    /// How often our AS is prepended, on top of the one time that eBGP requires.
    std::uint8_t prepend = 0;
    std::vector<Community> communities;  // sorted, unique
    std::vector<LargeCommunity> large_communities;  // sorted, unique
    Worsening worse;  // nothing is left of it in what a peer is told

    auto operator<=>(const RouteAttributes&) const = default;
};

/// Keeps them sorted and unique.
void add_communities(RouteAttributes& attributes, const std::vector<Community>& communities,
                     const std::vector<LargeCommunity>& large_communities);

/// A wanted route, or nothing: it shall not be advertised.
using WantedRoutes = std::map<Prefix, std::optional<RouteAttributes>>;

}  // namespace vipd::bgp
