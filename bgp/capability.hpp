#pragma once
// Capabilities (RFC 5492): what one side offers in its OPEN, and what two offers add up to.

#include "bgp/bytes.hpp"
#include "bgp/error.hpp"
#include "bgp/types.hpp"
#include "src/base/address.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace vipd::bgp {

/// IANA address family numbers (AFI); SAFI 1 is unicast.
constexpr std::uint16_t afi_of(Family family) {
    return family == Family::ipv4 ? 1 : 2;
}
constexpr std::uint8_t safi_unicast = 1;
/// Nothing where we do not speak the family.
std::optional<Family> family_of(std::uint16_t afi, std::uint8_t safi);

/// RFC 4724 §3.
struct GracefulRestart {
    bool restarted = false;  // R
    bool notification = false;  // N (RFC 8538)
    std::chrono::seconds restart_time{0};  // 12 bits
    std::map<Family, bool> forwarding_preserved;  // F of each family listed

    bool operator==(const GracefulRestart&) const = default;
};

/// What one OPEN offers. Without any multiprotocol capability: IPv4 unicast alone (RFC 4760 §8).
struct Capabilities {
    std::set<Family> families;
    /// Multiprotocol was offered, for whatever family.
    bool multiprotocol = false;
    bool route_refresh = false;  // RFC 2918
    bool enhanced_route_refresh = false;  // RFC 7313
    bool extended_message = false;  // RFC 8654
    std::optional<AsNumber> four_octet_as;  // RFC 6793
    std::optional<GracefulRestart> graceful_restart;
    std::set<std::uint8_t> codes;  // of all that were offered, known to us or not

    bool operator==(const Capabilities&) const = default;
};

/// What our OPEN offers.
struct Offer {
    AsNumber local_as = 0;
    std::set<Family> families;
    std::optional<GracefulRestart> graceful_restart;
};

/// Appends the capabilities, without the optional parameter around them.
void encode_capabilities(const Offer& offer, Writer& writer);

/// Adds the capabilities of one optional parameter to `capabilities`; unknown codes are skipped
/// (RFC 5492 §4). False: malformed.
bool decode_capabilities(std::span<const std::uint8_t> value, Capabilities& capabilities);

}  // namespace vipd::bgp
