#pragma once
// The five messages of BGP-4 as values (RFC 4271 §4, RFC 2918), to bytes and back.

#include "bgp/attribute.hpp"
#include "bgp/bytes.hpp"
#include "bgp/capability.hpp"
#include "bgp/error.hpp"
#include "bgp/types.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace vipd::bgp {

constexpr std::size_t header_size = 19;
/// RFC 4271 §4.1. We do not offer the longer ones of RFC 8654, so nobody may send them.
constexpr std::size_t largest_message = 4096;

enum class MessageType : std::uint8_t {
    open = 1,
    update = 2,
    notification = 3,
    keepalive = 4,
    route_refresh = 5,
};

/// "open", "update", … as in PeerStatus.
std::string_view to_string(MessageType type);

struct Open {
    std::uint16_t as16 = 0;  // AS_TRANS where the AS does not fit
    std::chrono::seconds hold_time{0};
    RouterId router_id = 0;
    Capabilities capabilities;

    /// The real AS: that of RFC 6793's capability where there is one.
    AsNumber as() const { return capabilities.four_octet_as.value_or(as16); }
    bool operator==(const Open&) const = default;
};

/// What an UPDATE of the peer says, after RFC 7606. We count and forget it.
struct Update {
    std::vector<Prefix> announced;
    std::vector<Prefix> withdrawn;  // those treated as withdrawn too
    ReceivedAttributes attributes;
    std::optional<Family> end_of_rib;  // RFC 4724 §2
    Severity severity = Severity::none;
};

struct Keepalive {
    bool operator==(const Keepalive&) const = default;
};

struct RouteRefresh {
    std::uint16_t afi = 0;
    std::uint8_t subtype = 0;  // RFC 7313: 0 request, 1 begin, 2 end
    std::uint8_t safi = 0;

    bool operator==(const RouteRefresh&) const = default;
};

using Message = std::variant<Open, Update, Notification, Keepalive, RouteRefresh>;

MessageType type_of(const Message& message);

/// The body of a message whose header the Framer has accepted. `context` is that of the session for
/// UPDATE.
Decoded<Message> decode(MessageType type, std::span<const std::uint8_t> body,
                        const UpdateContext& context);

/// Whole messages with header.
Bytes encode_open(const Offer& offer, std::chrono::seconds hold_time, RouterId router_id);
Bytes encode_keepalive();
Bytes encode_notification(const Notification& notification);

/// Begins a message; its length is set by finish_message.
std::size_t begin_message(MessageType type, Writer& writer);
void finish_message(std::size_t begin, Writer& writer);

}  // namespace vipd::bgp
