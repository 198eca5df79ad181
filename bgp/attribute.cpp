#include "bgp/attribute.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>

namespace vipd::bgp {

namespace {

constexpr std::uint8_t transitive_bit = 0x40;

constexpr std::uint8_t well_known = transitive_bit;
constexpr std::uint8_t optional_transitive = optional_bit | transitive_bit;
constexpr std::uint8_t optional_non_transitive = optional_bit;

constexpr std::uint8_t as_set = 1;
constexpr std::uint8_t as_sequence = 2;
constexpr std::uint8_t as_confed_sequence = 3;
constexpr std::uint8_t as_confed_set = 4;

/// One attribute as it stands in the message.
struct RawAttribute {
    std::uint8_t flags = 0;
    AttributeType type{};
    std::span<const std::uint8_t> value;
    std::span<const std::uint8_t>
        whole;  // flags, type, length and value: the data of a NOTIFICATION
};

/// The Optional and Transitive bits that an attribute must have; nothing for those we do not know.
std::optional<std::uint8_t> expected_flags(AttributeType type) {
    switch (type) {
        case AttributeType::origin:
        case AttributeType::as_path:
        case AttributeType::next_hop:
        case AttributeType::local_pref:
        case AttributeType::atomic_aggregate:
            return well_known;
        case AttributeType::med:
        case AttributeType::originator_id:
        case AttributeType::cluster_list:
        case AttributeType::mp_reach:
        case AttributeType::mp_unreach:
        case AttributeType::aigp:
            return optional_non_transitive;
        case AttributeType::aggregator:
        case AttributeType::communities:
        case AttributeType::extended_communities:
        case AttributeType::as4_path:
        case AttributeType::as4_aggregator:
        case AttributeType::ipv6_extended_communities:
        case AttributeType::large_communities:
        case AttributeType::only_to_customer:
            return optional_transitive;
    }
    return std::nullopt;
}

Notification update_notification(std::uint8_t subcode, std::span<const std::uint8_t> data) {
    return {ErrorCode::update_message, subcode, Bytes(data.begin(), data.end())};
}

std::uint32_t u32_of(std::span<const std::uint8_t> bytes) {
    return Reader(bytes).u32();
}

/// RFC 4271 §6.3: a NEXT_HOP must look like the address of a host.
bool is_host(const Address& address) {
    if (address.is_unspecified() || address.is_loopback()) return false;
    return !address.is_ipv4() || address.bytes()[0] < 224;  // neither class D nor class E
}

/// Reads the attributes of one UPDATE, one after the other. Each judge_… function returns how bad
/// its attribute is.
class AttributesDecoder {
public:
    explicit AttributesDecoder(const UpdateContext& context) : context_(context) {}

    Decoded<ReceivedAttributes> decode(std::span<const std::uint8_t> field, bool has_nlri) {
        walk(field);
        if (!reset_) require_mandatory(has_nlri);
        if (!reset_) require_reachable(has_nlri);
        if (reset_) return DecodeError(*reset_);
        return std::move(result_);
    }

private:
    void walk(std::span<const std::uint8_t> field) {
        Reader reader(field);
        while (!reader.empty() && !reset_) {
            const auto begin = reader.rest();
            RawAttribute raw;
            raw.flags = reader.u8();
            raw.type = static_cast<AttributeType>(reader.u8());
            const std::size_t length =
                (raw.flags & extended_length_bit) != 0 ? reader.u16() : reader.u8();
            raw.value = reader.take(length);
            if (reader.failed()) {
                // RFC 7606 §4: trust Total Attribute Length to find the NLRI.
                report(Severity::treat_as_withdraw, update_error::attribute_length, begin);
                return;
            }
            raw.whole = begin.first(begin.size() - reader.left());
            ++result_.count;
            judge(raw);
        }
    }

    void judge(const RawAttribute& raw) {
        const bool repeated = seen_.test(static_cast<std::uint8_t>(raw.type));
        seen_.set(static_cast<std::uint8_t>(raw.type));
        if (repeated) {
            judge_repeated(raw);
            return;
        }
        if (ignored_from_this_peer(raw.type)) {
            report(Severity::attribute_discard, update_error::attribute_flags, raw.whole);
            return;
        }
        const auto expected = expected_flags(raw.type);
        if (!expected) {
            judge_unknown(raw);
            return;
        }
        if ((raw.flags & optional_transitive) != *expected) {  // RFC 7606 §3 c
            report(Severity::treat_as_withdraw, update_error::attribute_flags, raw.whole);
        }
        judge_known(raw);
    }

    /// RFC 7606 §3 g.
    void judge_repeated(const RawAttribute& raw) {
        if (raw.type == AttributeType::mp_reach || raw.type == AttributeType::mp_unreach) {
            report(Severity::session_reset, update_error::malformed_attribute_list, {});
        } else {
            report(Severity::attribute_discard, update_error::malformed_attribute_list, {});
        }
    }

    /// RFC 7606 §7.5, 7.9, 7.10: whatever an external peer puts there does not count.
    bool ignored_from_this_peer(AttributeType type) const {
        return !context_.ibgp &&
               (type == AttributeType::local_pref || type == AttributeType::originator_id ||
                type == AttributeType::cluster_list);
    }

    /// RFC 4271 §6.3: only an attribute that claims to be well-known is an error. RFC 7606 says
    /// nothing of it, and one route that we would discard anyway is not worth a session.
    void judge_unknown(const RawAttribute& raw) {
        if ((raw.flags & optional_bit) != 0) return;
        report(Severity::treat_as_withdraw, update_error::unrecognized_well_known, raw.whole);
    }

    void judge_known(const RawAttribute& raw) {
        switch (raw.type) {
            case AttributeType::origin:
                return judge_origin(raw);
            case AttributeType::as_path:
                return judge_as_path(raw);
            case AttributeType::next_hop:
                return judge_next_hop(raw);
            case AttributeType::med:
                return judge_number(raw, result_.med);
            case AttributeType::local_pref:
                return judge_number(raw, result_.local_pref);
            case AttributeType::atomic_aggregate:
                return judge_atomic_aggregate(raw);
            case AttributeType::aggregator:
                return judge_aggregator(raw);
            case AttributeType::communities:
                return judge_communities(raw);
            case AttributeType::originator_id:
                return judge_length(raw, raw.value.size() == 4);
            case AttributeType::cluster_list:
                return judge_multiple(raw, 4);
            case AttributeType::mp_reach:
                return judge_mp_reach(raw);
            case AttributeType::mp_unreach:
                return judge_mp_unreach(raw);
            case AttributeType::extended_communities:
                return judge_multiple(raw, 8);
            case AttributeType::as4_path:
                return judge_as4_path(raw);
            case AttributeType::as4_aggregator:
                return judge_as4_aggregator(raw);
            case AttributeType::ipv6_extended_communities:
                return judge_multiple(raw, 20);
            case AttributeType::aigp:
                return judge_aigp(raw);
            case AttributeType::large_communities:
                return judge_large_communities(raw);
            case AttributeType::only_to_customer:
                return judge_only_to_customer(raw);
        }
    }

    void judge_origin(const RawAttribute& raw) {  // RFC 7606 §7.1
        if (raw.value.size() != 1) return wrong_length(raw);
        if (raw.value[0] > 2) {
            report(Severity::treat_as_withdraw, update_error::invalid_origin, raw.whole);
        }
        result_.origin = raw.value[0];
    }

    void judge_as_path(const RawAttribute& raw) {  // RFC 7606 §7.2, RFC 7607
        result_.as_path = segments_of(raw.value, context_.four_octet_as);
        if (!result_.as_path) {
            report(Severity::treat_as_withdraw, update_error::malformed_as_path, {});
            result_.as_path.emplace();
        }
    }

    void judge_next_hop(const RawAttribute& raw) {  // RFC 7606 §7.3
        if (raw.value.size() != 4) return wrong_length(raw);
        result_.next_hop = Address::from_bytes(raw.value);
        if (!is_host(*result_.next_hop)) {
            report(Severity::treat_as_withdraw, update_error::invalid_next_hop, raw.whole);
        }
    }

    void judge_number(const RawAttribute& raw, std::optional<std::uint32_t>& number) {  // §7.4, 7.5
        if (raw.value.size() != 4) return wrong_length(raw);
        number = u32_of(raw.value);
    }

    void judge_atomic_aggregate(const RawAttribute& raw) {  // RFC 7606 §7.6
        if (!raw.value.empty()) discard(raw, update_error::attribute_length);
    }

    void judge_aggregator(const RawAttribute& raw) {  // RFC 7606 §7.7, RFC 7607 §2
        const std::size_t as_size = context_.four_octet_as ? 4 : 2;
        if (raw.value.size() != as_size + 4) return discard(raw, update_error::attribute_length);
        const auto as = raw.value.first(as_size);
        const bool zero = std::ranges::all_of(as, [](std::uint8_t byte) { return byte == 0; });
        if (zero) discard(raw, update_error::optional_attribute);
    }

    void judge_communities(const RawAttribute& raw) {  // RFC 7606 §7.8
        if (!is_multiple(raw, 4)) return bad_optional(raw);
        for (Reader reader(raw.value); !reader.empty();) {
            result_.communities.push_back(reader.u32());
        }
    }

    void judge_large_communities(const RawAttribute& raw) {  // RFC 8092 §6
        if (!is_multiple(raw, 12)) return bad_optional(raw);
        for (Reader reader(raw.value); !reader.empty();) {
            const auto global = reader.u32();
            const auto local1 = reader.u32();
            result_.large_communities.push_back({global, local1, reader.u32()});
        }
    }

    void judge_multiple(const RawAttribute& raw, std::size_t unit) {  // §7.10, 7.14, 7.15
        if (!is_multiple(raw, unit)) bad_optional(raw);
    }

    void judge_length(const RawAttribute& raw, bool right) {  // RFC 7606 §7.9
        if (!right) bad_optional(raw);
    }

    void judge_only_to_customer(const RawAttribute& raw) {  // RFC 9234 §5
        if (raw.value.size() != 4 || u32_of(raw.value) == 0) bad_optional(raw);
    }

    void judge_aigp(const RawAttribute& raw) {  // RFC 7311 §3: TLVs of three octets and more
        Reader reader(raw.value);
        if (reader.empty()) return discard(raw, update_error::optional_attribute);
        while (!reader.empty()) {
            reader.u8();
            const auto length = reader.u16();
            if (reader.failed() || length < 3) {
                return discard(raw, update_error::optional_attribute);
            }
            reader.take(length - std::size_t{3});
            if (reader.failed()) return discard(raw, update_error::optional_attribute);
        }
    }

    void judge_as4_path(const RawAttribute& raw) {  // RFC 6793 §4.1, §6
        if (context_.four_octet_as) return;  // no business of a new speaker's, silently dropped
        result_.as4_path = segments_of(raw.value, true);
        if (!result_.as4_path) discard(raw, update_error::optional_attribute);
    }

    void judge_as4_aggregator(const RawAttribute& raw) {
        if (context_.four_octet_as) return;
        if (raw.value.size() != 8) discard(raw, update_error::optional_attribute);
    }

    void judge_mp_reach(const RawAttribute& raw) {  // RFC 4760 §3, RFC 7606 §5.3, §7.11
        result_.has_mp_reach = true;
        Reader reader(raw.value);
        const auto afi = reader.u16();
        const auto safi = reader.u8();
        const auto next_hop = reader.take(reader.u8());
        reader.u8();  // reserved
        if (reader.failed()) return broken_multiprotocol(raw);
        const auto family = negotiated(afi, safi);
        if (!family) return;

        MultiprotocolRoutes routes;
        routes.family = *family;
        routes.next_hop = next_hop_of(*family, next_hop);
        auto prefixes = decode_prefixes(reader.rest(), *family);
        if (!routes.next_hop || !prefixes) return broken_multiprotocol(raw);
        if (!is_host(*routes.next_hop)) {
            report(Severity::treat_as_withdraw, update_error::optional_attribute, raw.whole);
        }
        routes.prefixes = std::move(*prefixes);
        result_.reach = std::move(routes);
    }

    void judge_mp_unreach(const RawAttribute& raw) {  // RFC 4760 §4, RFC 7606 §5.3, §7.12
        result_.has_mp_unreach = true;
        Reader reader(raw.value);
        const auto afi = reader.u16();
        const auto safi = reader.u8();
        if (reader.failed()) return broken_multiprotocol(raw);
        const auto family = negotiated(afi, safi);
        if (!family) return;
        auto prefixes = decode_prefixes(reader.rest(), *family);
        if (!prefixes) return broken_multiprotocol(raw);
        result_.unreach = MultiprotocolRoutes{*family, std::move(*prefixes), std::nullopt};
    }

    std::optional<Family> negotiated(std::uint16_t afi, std::uint8_t safi) const {
        const auto family = family_of(afi, safi);
        if (!family || !context_.families.contains(*family)) return std::nullopt;
        return family;
    }

    /// IPv6: the global address, perhaps followed by the link-local one (RFC 2545 §3).
    static std::optional<Address> next_hop_of(Family family, std::span<const std::uint8_t> bytes) {
        if (family == Family::ipv4) {
            return bytes.size() == 4 ? Address::from_bytes(bytes) : std::nullopt;
        }
        if (bytes.size() != 16 && bytes.size() != 32) return std::nullopt;
        return Address::from_bytes(bytes.first(16));
    }

    std::optional<std::vector<AsPathSegment>> segments_of(std::span<const std::uint8_t> value,
                                                          bool four_octet) const {
        std::vector<AsPathSegment> segments;
        for (Reader reader(value); !reader.empty();) {
            AsPathSegment segment;
            segment.type = reader.u8();
            const auto count = reader.u8();
            Reader numbers(reader.take(count * (four_octet ? std::size_t{4} : std::size_t{2})));
            if (reader.failed() || count == 0 || !allowed_segment(segment.type))
                return std::nullopt;
            while (!numbers.empty()) {
                const AsNumber as = four_octet ? numbers.u32() : numbers.u16();
                if (as == 0) return std::nullopt;  // RFC 7607 §2
                segment.as_numbers.push_back(as);
            }
            segments.push_back(std::move(segment));
        }
        return segments;
    }

    /// RFC 5065 §5: confederation segments are for peers inside the same AS.
    bool allowed_segment(std::uint8_t type) const {
        if (type == as_set || type == as_sequence) return true;
        return context_.ibgp && (type == as_confed_sequence || type == as_confed_set);
    }

    /// RFC 7606 §3 d.
    void require_mandatory(bool has_nlri) {
        const bool reachable = has_nlri || (result_.reach && !result_.reach->prefixes.empty());
        if (!reachable) return;
        const auto require = [&](AttributeType type) {
            if (seen_.test(static_cast<std::uint8_t>(type))) return;
            const std::array<std::uint8_t, 1> data{static_cast<std::uint8_t>(type)};
            report(Severity::treat_as_withdraw, update_error::missing_well_known, data);
        };
        require(AttributeType::origin);
        require(AttributeType::as_path);
        if (has_nlri) require(AttributeType::next_hop);
    }

    /// RFC 7606 §5.2: with nothing to withdraw, an error that asks for it may hide routes we cannot
    /// see.
    void require_reachable(bool has_nlri) {
        if (has_nlri || result_.has_mp_reach) return;
        const auto found = std::ranges::find(result_.problems, Severity::treat_as_withdraw,
                                             &AttributeProblem::severity);
        if (found != result_.problems.end()) reset_ = found->notification;
    }

    static bool is_multiple(const RawAttribute& raw, std::size_t unit) {
        return !raw.value.empty() && raw.value.size() % unit == 0;
    }

    void wrong_length(const RawAttribute& raw) {
        report(Severity::treat_as_withdraw, update_error::attribute_length, raw.whole);
    }
    void bad_optional(const RawAttribute& raw) {
        report(Severity::treat_as_withdraw, update_error::optional_attribute, raw.whole);
    }
    void discard(const RawAttribute& raw, std::uint8_t subcode) {
        report(Severity::attribute_discard, subcode, raw.whole);
    }
    void broken_multiprotocol(const RawAttribute& raw) {
        report(Severity::session_reset, update_error::optional_attribute, raw.whole);
    }

    void report(Severity severity, std::uint8_t subcode, std::span<const std::uint8_t> data) {
        auto notification = update_notification(subcode, data);
        if (severity == Severity::session_reset) {
            reset_ = std::move(notification);
        } else {
            result_.problems.push_back({severity, std::move(notification)});
        }
    }

    const UpdateContext& context_;
    std::bitset<256> seen_;
    ReceivedAttributes result_;
    std::optional<Notification> reset_;
};

void encode_header(std::uint8_t flags, AttributeType type, std::size_t length, Writer& writer) {
    const bool extended = length > 0xff;
    writer.u8(extended ? flags | extended_length_bit : flags);
    writer.u8(static_cast<std::uint8_t>(type));
    if (extended) {
        writer.u16(static_cast<std::uint16_t>(length));
    } else {
        writer.u8(static_cast<std::uint8_t>(length));
    }
}

/// `count` times the same AS, in as many AS_SEQUENCE segments as that takes (RFC 4271 §5.1.2).
void encode_as_path(AttributeType type, std::uint8_t flags, AsNumber as, std::size_t count,
                    bool four_octet, Writer& writer) {
    constexpr std::size_t longest_segment = 255;
    const auto segments = (count + longest_segment - 1) / longest_segment;
    encode_header(flags, type, segments * 2 + count * (four_octet ? 4U : 2U), writer);
    while (count > 0) {
        const auto here = std::min(count, longest_segment);
        writer.u8(as_sequence);
        writer.u8(static_cast<std::uint8_t>(here));
        for (std::size_t i = 0; i < here; ++i) {
            if (four_octet) {
                writer.u32(as);
            } else {
                writer.u16(static_cast<std::uint16_t>(as > 0xffff ? as_trans : as));
            }
        }
        count -= here;
    }
}

void encode_communities(const std::vector<Community>& communities, Writer& writer) {
    if (communities.empty()) return;
    encode_header(optional_transitive, AttributeType::communities, communities.size() * 4, writer);
    for (const auto community : communities) {
        writer.u32(community);
    }
}

void encode_large_communities(const std::vector<LargeCommunity>& communities, Writer& writer) {
    if (communities.empty()) return;
    encode_header(optional_transitive, AttributeType::large_communities, communities.size() * 12,
                  writer);
    for (const auto& community : communities) {
        writer.u32(community.global);
        writer.u32(community.local1);
        writer.u32(community.local2);
    }
}

void encode_number(std::uint8_t flags, AttributeType type, std::uint32_t value, Writer& writer) {
    encode_header(flags, type, 4, writer);
    writer.u32(value);
}

}  // namespace

Severity ReceivedAttributes::worst() const {
    auto worst = Severity::none;
    for (const auto& problem : problems) {
        worst = std::max(worst, problem.severity);
    }
    return worst;
}

Decoded<ReceivedAttributes> decode_attributes(std::span<const std::uint8_t> field,
                                              const UpdateContext& context, bool has_nlri) {
    return AttributesDecoder(context).decode(field, has_nlri);
}

std::optional<std::vector<Prefix>> decode_prefixes(std::span<const std::uint8_t> field,
                                                   Family family) {
    const std::size_t size = family == Family::ipv4 ? 4 : 16;
    std::vector<Prefix> prefixes;
    for (Reader reader(field); !reader.empty();) {
        const auto length = reader.u8();
        const auto octets = reader.take((length + std::size_t{7}) / 8);
        if (reader.failed() || length > size * 8) return std::nullopt;
        std::array<std::uint8_t, 16> bytes{};
        std::ranges::copy(octets, bytes.begin());
        if (length % 8 != 0) {  // RFC 4271 §4.3: the value of trailing bits is irrelevant
            bytes[length / 8] &= static_cast<std::uint8_t>(0xff00U >> (length % 8U));
        }
        prefixes.push_back({*Address::from_bytes(std::span(bytes).first(size)), length});
    }
    return prefixes;
}

void encode_prefix(const Prefix& prefix, Writer& writer) {
    writer.u8(prefix.length);
    writer.bytes(prefix.address.bytes().first((prefix.length + std::size_t{7}) / 8));
}

std::size_t encoded_size(const Prefix& prefix) {
    return 1 + (prefix.length + std::size_t{7}) / 8;
}

void encode_attributes(const RouteAttributes& attributes, const std::optional<Address>& next_hop,
                       const UpdateContext& context, Writer& writer) {
    const std::size_t path_length =
        (context.ibgp ? std::size_t{0} : std::size_t{1}) + attributes.prepend;

    encode_header(well_known, AttributeType::origin, 1, writer);
    writer.u8(0);  // IGP
    encode_as_path(AttributeType::as_path, well_known, context.local_as, path_length,
                   context.four_octet_as, writer);
    if (next_hop) {
        assert(next_hop->is_ipv4());
        encode_header(well_known, AttributeType::next_hop, 4, writer);
        writer.bytes(next_hop->bytes());
    }
    if (attributes.med) {
        encode_number(optional_non_transitive, AttributeType::med, *attributes.med, writer);
    }
    if (context.ibgp) {
        encode_number(well_known, AttributeType::local_pref,
                      attributes.local_pref.value_or(default_local_pref), writer);
    }
    encode_communities(attributes.communities, writer);
    if (!context.four_octet_as && context.local_as > 0xffff && path_length > 0) {
        encode_as_path(AttributeType::as4_path, optional_transitive, context.local_as, path_length,
                       true, writer);  // RFC 6793 §4.2.2
    }
    encode_large_communities(attributes.large_communities, writer);
}

}  // namespace vipd::bgp
