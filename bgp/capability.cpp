#include "bgp/capability.hpp"

#include <algorithm>

namespace vipd::bgp {

namespace {

// IANA "Capability Codes".
constexpr std::uint8_t code_multiprotocol = 1;
constexpr std::uint8_t code_route_refresh = 2;
constexpr std::uint8_t code_extended_message = 6;
constexpr std::uint8_t code_graceful_restart = 64;
constexpr std::uint8_t code_four_octet_as = 65;
constexpr std::uint8_t code_enhanced_route_refresh = 70;

constexpr std::uint16_t flag_restarted = 0x8000;
constexpr std::uint16_t flag_notification = 0x4000;
constexpr std::uint16_t restart_time_bits = 0x0fff;
constexpr std::uint8_t flag_forwarding = 0x80;

void encode_graceful_restart(const GracefulRestart& restart, Writer& writer) {
    writer.u8(code_graceful_restart);
    writer.u8(static_cast<std::uint8_t>(2 + 4 * restart.forwarding_preserved.size()));
    const auto seconds =
        std::clamp<std::int64_t>(restart.restart_time.count(), 0, restart_time_bits);
    auto head = static_cast<std::uint16_t>(seconds);
    if (restart.restarted) head |= flag_restarted;
    if (restart.notification) head |= flag_notification;
    writer.u16(head);
    for (const auto& [family, preserved] : restart.forwarding_preserved) {
        writer.u16(afi_of(family));
        writer.u8(safi_unicast);
        writer.u8(preserved ? flag_forwarding : 0);
    }
}

bool decode_multiprotocol(Reader value, Capabilities& capabilities) {
    const auto afi = value.u16();
    value.u8();  // reserved
    const auto safi = value.u8();
    if (value.failed() || !value.empty()) return false;
    capabilities.multiprotocol = true;
    if (const auto family = family_of(afi, safi)) capabilities.families.insert(*family);
    return true;
}

bool decode_graceful_restart(Reader value, Capabilities& capabilities) {
    const auto head = value.u16();
    if (value.failed() || value.left() % 4 != 0) return false;
    GracefulRestart restart;
    restart.restarted = (head & flag_restarted) != 0;
    restart.notification = (head & flag_notification) != 0;
    restart.restart_time = std::chrono::seconds(head & restart_time_bits);
    while (!value.empty()) {
        const auto afi = value.u16();
        const auto safi = value.u8();
        const auto flags = value.u8();
        if (const auto family = family_of(afi, safi)) {
            restart.forwarding_preserved[*family] = (flags & flag_forwarding) != 0;
        }
    }
    capabilities.graceful_restart = restart;
    return true;
}

bool decode_four_octet_as(Reader value, Capabilities& capabilities) {
    const auto as = value.u32();
    if (value.failed() || !value.empty()) return false;
    capabilities.four_octet_as = as;
    return true;
}

/// A capability whose value must be empty.
bool decode_flag(const Reader& value, bool& flag) {
    flag = true;
    return value.empty();
}

bool decode_capability(std::uint8_t code, Reader value, Capabilities& capabilities) {
    capabilities.codes.insert(code);
    switch (code) {
        case code_multiprotocol:
            return decode_multiprotocol(value, capabilities);
        case code_route_refresh:
            return decode_flag(value, capabilities.route_refresh);
        case code_extended_message:
            return decode_flag(value, capabilities.extended_message);
        case code_graceful_restart:
            return decode_graceful_restart(value, capabilities);
        case code_four_octet_as:
            return decode_four_octet_as(value, capabilities);
        case code_enhanced_route_refresh:
            return decode_flag(value, capabilities.enhanced_route_refresh);
        default:
            return true;  // RFC 5492 §4: ignore what we do not know
    }
}

}  // namespace

std::optional<Family> family_of(std::uint16_t afi, std::uint8_t safi) {
    if (safi != safi_unicast) return std::nullopt;
    if (afi == afi_of(Family::ipv4)) return Family::ipv4;
    if (afi == afi_of(Family::ipv6)) return Family::ipv6;
    return std::nullopt;
}

void encode_capabilities(const Offer& offer, Writer& writer) {
    for (const auto family : offer.families) {
        writer.u8(code_multiprotocol);
        writer.u8(4);
        writer.u16(afi_of(family));
        writer.u8(0);
        writer.u8(safi_unicast);
    }
    writer.u8(code_route_refresh);
    writer.u8(0);
    if (offer.graceful_restart) encode_graceful_restart(*offer.graceful_restart, writer);
    writer.u8(code_four_octet_as);
    writer.u8(4);
    writer.u32(offer.local_as);
}

bool decode_capabilities(std::span<const std::uint8_t> value, Capabilities& capabilities) {
    Reader reader(value);
    while (!reader.empty()) {
        const auto code = reader.u8();
        const auto body = reader.take(reader.u8());
        if (reader.failed() || !decode_capability(code, Reader(body), capabilities)) return false;
    }
    return true;
}

}  // namespace vipd::bgp
