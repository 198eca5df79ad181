#pragma once
// Path attributes (RFC 4271 §5): encoding ours, and judging theirs by RFC 7606.

#include "bgp/bytes.hpp"
#include "bgp/capability.hpp"
#include "bgp/error.hpp"
#include "bgp/types.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace vipd::bgp {

/// RFC 6793: stands in for an AS that does not fit where only 16 bits are understood.
constexpr AsNumber as_trans = 23456;

/// What both OPENs settled that changes how an UPDATE reads and writes.
struct UpdateContext {
    AsNumber local_as = 0;
    bool ibgp = false;
    bool four_octet_as = true;
    std::set<Family> families;

    bool operator==(const UpdateContext&) const = default;
};

/// Flags of an attribute (RFC 4271 §4.3): not known to every speaker; its length takes two octets.
constexpr std::uint8_t optional_bit = 0x80;
constexpr std::uint8_t extended_length_bit = 0x10;

enum class AttributeType : std::uint8_t {
    origin = 1,
    as_path = 2,
    next_hop = 3,
    med = 4,
    local_pref = 5,
    atomic_aggregate = 6,
    aggregator = 7,
    communities = 8,
    originator_id = 9,
    cluster_list = 10,
    mp_reach = 14,
    mp_unreach = 15,
    extended_communities = 16,
    as4_path = 17,
    as4_aggregator = 18,
    ipv6_extended_communities = 25,
    aigp = 26,
    large_communities = 32,
    only_to_customer = 35,
};

struct AsPathSegment {
    std::uint8_t type = 2;  // AS_SEQUENCE
    std::vector<AsNumber> as_numbers;

    bool operator==(const AsPathSegment&) const = default;
};

/// Of one UPDATE's MP_REACH_NLRI or MP_UNREACH_NLRI, if of a family that was negotiated.
struct MultiprotocolRoutes {
    Family family = Family::ipv6;
    std::vector<Prefix> prefixes;
    std::optional<Address> next_hop;  // MP_REACH_NLRI only; the global one of an IPv6 pair

    bool operator==(const MultiprotocolRoutes&) const = default;
};

/// RFC 7606 §2, weakest first: the strongest one found in a message decides (§3 h).
enum class Severity : std::uint8_t { none, attribute_discard, treat_as_withdraw, session_reset };

/// One thing wrong with one attribute. `notification` is what RFC 4271 §6.3 would have answered.
struct AttributeProblem {
    Severity severity = Severity::none;
    Notification notification;

    bool operator==(const AttributeProblem&) const = default;
};

struct ReceivedAttributes {
    std::optional<std::uint8_t> origin;
    std::optional<std::vector<AsPathSegment>> as_path;
    std::optional<Address> next_hop;
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    std::vector<Community> communities;
    std::vector<LargeCommunity> large_communities;
    std::optional<std::vector<AsPathSegment>> as4_path;  // from a two-octet speaker only
    std::optional<MultiprotocolRoutes> reach;
    std::optional<MultiprotocolRoutes> unreach;
    /// An MP attribute was there, of whatever family.
    bool has_mp_reach = false;
    bool has_mp_unreach = false;
    std::size_t count = 0;
    /// Not resets: those are the result's error. At most one for each attribute in the message.
    std::vector<AttributeProblem> problems;

    Severity worst() const;
};

/// The Path Attributes field. `has_nlri`: the UPDATE's own NLRI field is not empty, so that
/// NEXT_HOP is mandatory. An error is a session reset.
Decoded<ReceivedAttributes> decode_attributes(std::span<const std::uint8_t> field,
                                              const UpdateContext& context, bool has_nlri);

/// A list of prefixes as in NLRI; nothing if a length is too big for the family or runs over the
/// end.
std::optional<std::vector<Prefix>> decode_prefixes(std::span<const std::uint8_t> field,
                                                   Family family);
void encode_prefix(const Prefix& prefix, Writer& writer);
std::size_t encoded_size(const Prefix& prefix);

/// The attributes of a route of ours except MP_REACH_NLRI, in ascending order of type. `next_hop`
/// only for the IPv4 NLRI field. No LOCAL_PREF to an external peer, never an AS_SET (RFC 9774).
void encode_attributes(const RouteAttributes& attributes, const std::optional<Address>& next_hop,
                       const UpdateContext& context, Writer& writer);

}  // namespace vipd::bgp
