#include "bgp/adj_rib_out.hpp"

#include "bgp/message.hpp"

#include <cassert>
#include <utility>

namespace vipd::bgp {

namespace {

constexpr std::size_t empty_update = header_size + 4;  // the two length fields
/// MP_UNREACH_NLRI with a two-octet length, AFI and SAFI (RFC 4760 §4).
constexpr std::size_t unreach_overhead = 4 + 3;
/// MP_REACH_NLRI likewise, with an IPv6 next hop and the reserved octet (§3).
constexpr std::size_t reach_overhead = 4 + 3 + 1 + 16 + 1;

/// An upper bound of what the attributes take, whatever the peer: checked before a route is wanted,
/// so that every UPDATE can be built.
bool fits(const RouteAttributes& attributes) {
    constexpr std::size_t fixed =
        128;  // header, ORIGIN, NEXT_HOP, MED, LOCAL_PREF, MP_REACH, one prefix
    const std::size_t path = (attributes.prepend + std::size_t{1}) * (4 + 4);  // AS_PATH, AS4_PATH
    const auto communities = attributes.communities.size() * sizeof(Community);
    return fixed + path + communities + attributes.large_communities.size() * 12 <= largest_message;
}

void encode_multiprotocol_header(AttributeType type, std::size_t length, Family family,
                                 Writer& writer) {
    const bool extended = length > 0xff;
    writer.u8(extended ? optional_bit | extended_length_bit : optional_bit);
    writer.u8(static_cast<std::uint8_t>(type));
    if (extended) {
        writer.u16(static_cast<std::uint16_t>(length));
    } else {
        writer.u8(static_cast<std::uint8_t>(length));
    }
    writer.u16(afi_of(family));
    writer.u8(safi_unicast);
}

void encode_unreach(Family family, const std::vector<Prefix>& prefixes, Writer& writer) {
    std::size_t length = 3;
    for (const auto& prefix : prefixes) {
        length += encoded_size(prefix);
    }
    encode_multiprotocol_header(AttributeType::mp_unreach, length, family, writer);
    for (const auto& prefix : prefixes) {
        encode_prefix(prefix, writer);
    }
}

void encode_reach(Family family, const Address& next_hop, const std::vector<Prefix>& prefixes,
                  Writer& writer) {
    const auto hop = next_hop.bytes();
    std::size_t length = 3 + 1 + hop.size() + 1;
    for (const auto& prefix : prefixes) {
        length += encoded_size(prefix);
    }
    encode_multiprotocol_header(AttributeType::mp_reach, length, family, writer);
    writer.u8(static_cast<std::uint8_t>(hop.size()));
    writer.bytes(hop);
    writer.u8(0);  // reserved
    for (const auto& prefix : prefixes) {
        encode_prefix(prefix, writer);
    }
}

/// RFC 7606 §5.1: one of the fields or MP attributes in each UPDATE, the MP attribute first.
Bytes encode_withdrawal(Family family, const std::vector<Prefix>& prefixes) {
    Bytes bytes;
    bytes.reserve(largest_message);
    Writer writer(bytes);
    const auto begin = begin_message(MessageType::update, writer);
    const auto withdrawn_length = writer.position();
    writer.u16(0);
    if (family == Family::ipv4) {
        for (const auto& prefix : prefixes) {
            encode_prefix(prefix, writer);
        }
        writer.patch_u16(withdrawn_length, writer.position() - withdrawn_length - 2);
        writer.u16(0);
    } else {
        const auto attributes_length = writer.position();
        writer.u16(0);
        encode_unreach(family, prefixes, writer);
        writer.patch_u16(attributes_length, writer.position() - attributes_length - 2);
    }
    finish_message(begin, writer);
    return bytes;
}

Bytes encode_announcement(Family family, const std::vector<Prefix>& prefixes,
                          const Bytes& attributes, const Address& next_hop) {
    Bytes bytes;
    bytes.reserve(largest_message);
    Writer writer(bytes);
    const auto begin = begin_message(MessageType::update, writer);
    writer.u16(0);  // withdrawn
    const auto attributes_length = writer.position();
    writer.u16(0);
    if (family == Family::ipv6) encode_reach(family, next_hop, prefixes, writer);
    writer.bytes(attributes);
    writer.patch_u16(attributes_length, writer.position() - attributes_length - 2);
    if (family == Family::ipv4) {
        for (const auto& prefix : prefixes) {
            encode_prefix(prefix, writer);
        }
    }
    finish_message(begin, writer);
    assert(bytes.size() <= largest_message);
    return bytes;
}

}  // namespace

void AdjRibOut::want(const Prefix& prefix, const std::optional<RouteAttributes>& attributes) {
    if (attributes) {
        want(prefix, *attributes);
    } else {
        oversized_.erase(prefix);
        unwant(prefix);
    }
}

void AdjRibOut::want(const Prefix& prefix, const RouteAttributes& attributes) {
    if (!fits(attributes)) {
        oversized_.insert(prefix);
        unwant(prefix);
        return;
    }
    oversized_.erase(prefix);
    const auto id = pool_.acquire(attributes);
    // All at once come in order: mostly this is the last one.
    set_wanted(entries_.try_emplace(entries_.end(), prefix), id);
    pool_.release(id);
}

void AdjRibOut::unwant(const Prefix& prefix) {
    const auto entry = entries_.find(prefix);
    if (entry != entries_.end()) set_wanted(entry, AttributePool::none);
}

void AdjRibOut::set_wanted(Entries::iterator entry, AttributePool::Id id) {
    auto& [prefix, known] = *entry;
    if (known.wanted == id) return;
    remove_pending(entry);
    auto& counts = counts_of(prefix.address.family());
    if (known.wanted != AttributePool::none) --counts.wanted;
    if (id != AttributePool::none) ++counts.wanted;
    pool_.acquire(id);
    pool_.release(std::exchange(known.wanted, id));
    const bool again = known.resend && known.wanted != AttributePool::none;
    if (known.wanted != known.advertised || again) add_pending(entry);
    if (known.wanted == AttributePool::none && known.advertised == AttributePool::none) {
        entries_.erase(entry);
    }
}

void AdjRibOut::set_advertised(Entries::iterator entry, AttributePool::Id id) {
    auto& [prefix, known] = *entry;
    auto& counts = counts_of(prefix.address.family());
    if (known.advertised != AttributePool::none) --counts.advertised;
    if (id != AttributePool::none) ++counts.advertised;
    pool_.acquire(id);
    pool_.release(std::exchange(known.advertised, id));
    known.resend = false;
    if (known.wanted == AttributePool::none && known.advertised == AttributePool::none) {
        entries_.erase(entry);
    }
}

void AdjRibOut::add_pending(Entries::iterator entry) {
    const auto family = entry->first.address.family();
    if (!sendable(family)) return;
    const auto before = pending_.size();
    // A new session and a refresh come in the order of the prefixes: mostly this is the last one.
    pending_.insert(pending_.end(), {entry->second.wanted, entry});
    counts_of(family).pending += pending_.size() - before;
}

void AdjRibOut::remove_pending(Entries::iterator entry) {
    const auto family = entry->first.address.family();
    counts_of(family).pending -= pending_.erase({entry->second.wanted, entry});
}

void AdjRibOut::open(ExportContext context) {
    close();
    context_ = std::move(context);
    open_ = true;
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        add_pending(entry);
    }
}

void AdjRibOut::change(ExportContext context) {
    if (!open_ || context == context_) return;
    const auto before = std::exchange(context_, std::move(context));
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        // Without a next hop the peer keeps what it has: there is nothing better to tell it.
        if (sendable(family) && (!before.next_hop.contains(family) ||
                                 before.next_hop.at(family) != context_.next_hop.at(family))) {
            refresh(family);
        }
    }
}

void AdjRibOut::close() {
    open_ = false;
    pending_.clear();
    refresh_.clear();
    end_of_rib_.clear();
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        set_advertised(entry++, AttributePool::none);
    }
    for (auto& counts : counts_) {
        counts.pending = 0;
    }
}

void AdjRibOut::refresh(Family family) {
    if (sendable(family)) refresh_.insert(family);
}

void AdjRibOut::carry_out_refresh() {
    if (refresh_.empty()) return;
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (!refresh_.contains(entry->first.address.family())) continue;
        entry->second.resend = true;
        add_pending(entry);
    }
    refresh_.clear();
}

void AdjRibOut::request_end_of_rib(Family family) {
    if (open_ && context_.update.families.contains(family)) end_of_rib_.insert(family);
}

bool AdjRibOut::has_update() const {
    return !pending_.empty() || !refresh_.empty() || !end_of_rib_.empty();
}

std::optional<OutgoingUpdate> AdjRibOut::next_update() {
    carry_out_refresh();
    if (auto marker = end_of_rib()) return marker;
    if (pending_.empty()) return std::nullopt;
    const auto [id, entry] = *pending_.begin();
    const auto family = entry->first.address.family();
    return id == AttributePool::none ? withdrawal(family) : announcement(id, family);
}

std::vector<Prefix> AdjRibOut::take_front(std::size_t room) {
    const auto id = pending_.begin()->attributes;
    const auto family = pending_.begin()->entry->first.address.family();
    std::vector<Prefix> taken;
    while (!pending_.empty()) {
        const auto front = *pending_.begin();
        const auto& prefix = front.entry->first;
        const auto size = encoded_size(prefix);
        const bool alike = front.attributes == id && prefix.address.family() == family;
        if (!alike || size > room) break;
        room -= size;
        taken.push_back(prefix);
        pending_.erase(pending_.begin());
        --counts_of(family).pending;
        set_advertised(front.entry, id);
    }
    return taken;
}

OutgoingUpdate AdjRibOut::withdrawal(Family family) {
    const auto overhead = empty_update + (family == Family::ipv4 ? 0 : unreach_overhead);
    OutgoingUpdate update;
    update.withdrawn = take_front(largest_message - overhead);
    update.bytes = encode_withdrawal(family, update.withdrawn);
    return update;
}

OutgoingUpdate AdjRibOut::announcement(AttributePool::Id id, Family family) {
    const auto& next_hop = context_.next_hop.at(family);
    const bool legacy = family == Family::ipv4;
    Bytes attributes;
    Writer writer(attributes);
    encode_attributes(pool_[id], legacy ? std::optional(next_hop) : std::nullopt, context_.update,
                      writer);
    const auto overhead = empty_update + attributes.size() + (legacy ? 0 : reach_overhead);
    OutgoingUpdate update;
    update.advertised = take_front(largest_message - overhead);
    update.bytes = encode_announcement(family, update.advertised, attributes, next_hop);
    return update;
}

std::optional<OutgoingUpdate> AdjRibOut::end_of_rib() {
    for (const auto family : end_of_rib_) {
        if (counts_of(family).pending > 0) continue;
        OutgoingUpdate update;
        update.bytes = encode_withdrawal(family, {});
        update.end_of_rib = family;
        end_of_rib_.erase(family);
        return update;
    }
    return std::nullopt;
}

FamilyCounts AdjRibOut::counts(Family family) const {
    const auto& counted = counts_[static_cast<std::size_t>(family)];
    FamilyCounts counts;
    counts.wanted = counted.wanted;
    counts.advertised = counted.advertised;
    counts.pending = sendable(family) ? counted.pending : counted.wanted;
    counts.negotiated = open_ && context_.update.families.contains(family);
    return counts;
}

}  // namespace vipd::bgp
