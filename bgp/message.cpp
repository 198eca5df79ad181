#include "bgp/message.hpp"

#include "src/base/overloaded.hpp"

#include <algorithm>
#include <array>

namespace vipd::bgp {

namespace {

constexpr std::uint8_t version = 4;
constexpr std::uint8_t parameter_capabilities = 2;
constexpr std::uint8_t extended_parameters = 255;  // RFC 9072 §2

DecodeError open_notification(std::uint8_t subcode, Bytes data = {}) {
    return DecodeError({ErrorCode::open_message, subcode, std::move(data)});
}

DecodeError update_notification(std::uint8_t subcode) {
    return DecodeError({ErrorCode::update_message, subcode, {}});
}

/// The Optional Parameters; an empty result: all is well.
std::optional<DecodeError> decode_parameters(Reader parameters, bool extended,
                                             Capabilities& capabilities) {
    while (!parameters.empty()) {
        const auto type = parameters.u8();
        const std::size_t length = extended ? parameters.u16() : parameters.u8();
        const auto value = parameters.take(length);
        if (parameters.failed()) return open_notification(open_error::unspecific);
        if (type != parameter_capabilities) {
            return open_notification(open_error::unsupported_parameter);
        }
        if (!decode_capabilities(value, capabilities)) {
            return open_notification(open_error::unspecific);
        }
    }
    return std::nullopt;
}

/// The Optional Parameters Length in either form (RFC 4271 §4.2, RFC 9072 §2), then the parameters
/// themselves.
std::optional<DecodeError> decode_optional(Reader reader, Capabilities& capabilities) {
    std::size_t length = reader.u8();
    const bool extended = length != 0 && !reader.empty() && reader.rest()[0] == extended_parameters;
    if (extended) {
        reader.u8();
        length = reader.u16();
    }
    const auto parameters = reader.take(length);
    if (reader.failed() || !reader.empty()) return open_notification(open_error::unspecific);
    return decode_parameters(Reader(parameters), extended, capabilities);
}

/// RFC 4271 §6.2, in its order. Whether AS and identifier are those we expect is the FSM's to say.
Decoded<Message> decode_open(std::span<const std::uint8_t> body) {
    Reader reader(body);
    if (reader.u8() != version) {
        return open_notification(open_error::unsupported_version, {0, version});
    }
    Open open;
    open.as16 = reader.u16();
    open.hold_time = std::chrono::seconds(reader.u16());
    open.router_id = reader.u32();
    if (reader.failed()) return open_notification(open_error::unspecific);

    const auto malformed = decode_optional(reader, open.capabilities);
    if (open.as16 == 0 || open.as() == 0) return open_notification(open_error::bad_peer_as);
    if (open.hold_time == std::chrono::seconds(1) || open.hold_time == std::chrono::seconds(2)) {
        return open_notification(open_error::unacceptable_hold_time);
    }
    if (open.router_id == 0) return open_notification(open_error::bad_identifier);  // RFC 6286
    if (malformed) return *malformed;
    if (!open.capabilities.multiprotocol) open.capabilities.families = {Family::ipv4};
    return Message(std::move(open));
}

/// RFC 4724 §2: an UPDATE with nothing in it, or with nothing but an empty MP_UNREACH_NLRI.
std::optional<Family> end_of_rib(std::span<const std::uint8_t> body, const Update& update) {
    if (body.size() == 4) return Family::ipv4;
    const auto& attributes = update.attributes;
    const bool nothing_else = attributes.count == 1 && attributes.unreach &&
                              attributes.unreach->prefixes.empty() && update.announced.empty() &&
                              update.withdrawn.empty();
    if (!nothing_else) return std::nullopt;
    return attributes.unreach->family;
}

void take_routes(std::vector<Prefix>& into, std::vector<Prefix>&& prefixes) {
    into.insert(into.end(), prefixes.begin(), prefixes.end());
}

Decoded<Message> decode_update(std::span<const std::uint8_t> body, const UpdateContext& context) {
    Reader reader(body);
    const auto withdrawn_field = reader.take(reader.u16());
    const auto attributes_field = reader.take(reader.u16());
    if (reader.failed()) return update_notification(update_error::malformed_attribute_list);

    auto withdrawn = decode_prefixes(withdrawn_field, Family::ipv4);
    auto announced = decode_prefixes(reader.rest(), Family::ipv4);
    if (!withdrawn || !announced) return update_notification(update_error::invalid_network);

    auto attributes = decode_attributes(attributes_field, context, !announced->empty());
    if (!attributes) return attributes.error();

    Update update;
    update.attributes = std::move(*attributes);
    if (context.families.contains(Family::ipv4)) {
        update.withdrawn = std::move(*withdrawn);
        update.announced = std::move(*announced);
    }
    if (update.attributes.reach) {
        take_routes(update.announced, std::move(update.attributes.reach->prefixes));
    }
    update.end_of_rib = end_of_rib(body, update);
    if (update.attributes.unreach) {
        take_routes(update.withdrawn, std::move(update.attributes.unreach->prefixes));
    }
    update.severity = update.attributes.worst();
    if (update.severity == Severity::treat_as_withdraw) {
        take_routes(update.withdrawn, std::exchange(update.announced, {}));
    }
    return Message(std::move(update));
}

Decoded<Message> decode_notification(std::span<const std::uint8_t> body) {
    Reader reader(body);
    Notification notification;
    notification.code = static_cast<ErrorCode>(reader.u8());
    notification.subcode = reader.u8();
    if (reader.failed()) return DecodeError({}, false);
    notification.data.assign(reader.rest().begin(), reader.rest().end());
    return Message(std::move(notification));
}

/// For a body that the Framer would not have let through.
DecodeError header_length_error(std::span<const std::uint8_t> body) {
    const auto length = header_size + body.size();
    return DecodeError(
        {ErrorCode::message_header,
         header_error::bad_length,
         {static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length)}});
}

Decoded<Message> decode_route_refresh(std::span<const std::uint8_t> body) {
    Reader reader(body);
    RouteRefresh refresh;
    refresh.afi = reader.u16();
    refresh.subtype = reader.u8();
    refresh.safi = reader.u8();
    if (reader.failed()) return header_length_error(body);
    return Message(refresh);
}

}  // namespace

std::string_view to_string(MessageType type) {
    switch (type) {
        case MessageType::open:
            return "open";
        case MessageType::update:
            return "update";
        case MessageType::notification:
            return "notification";
        case MessageType::keepalive:
            return "keepalive";
        case MessageType::route_refresh:
            return "route-refresh";
    }
    return "unknown";
}

MessageType type_of(const Message& message) {
    return std::visit(overloaded{
                          [](const Open&) { return MessageType::open; },
                          [](const Update&) { return MessageType::update; },
                          [](const Notification&) { return MessageType::notification; },
                          [](const Keepalive&) { return MessageType::keepalive; },
                          [](const RouteRefresh&) { return MessageType::route_refresh; },
                      },
                      message);
}

Decoded<Message> decode(MessageType type, std::span<const std::uint8_t> body,
                        const UpdateContext& context) {
    switch (type) {
        case MessageType::open:
            return decode_open(body);
        case MessageType::update:
            return decode_update(body, context);
        case MessageType::notification:
            return decode_notification(body);
        case MessageType::keepalive:
            return Message(Keepalive{});
        case MessageType::route_refresh:
            return decode_route_refresh(body);
    }
    return DecodeError(
        {ErrorCode::message_header, header_error::bad_type, {static_cast<std::uint8_t>(type)}});
}

std::size_t begin_message(MessageType type, Writer& writer) {
    const auto begin = writer.position();
    constexpr std::array<std::uint8_t, 16> marker{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    writer.bytes(marker);
    writer.u16(0);
    writer.u8(static_cast<std::uint8_t>(type));
    return begin;
}

void finish_message(std::size_t begin, Writer& writer) {
    writer.patch_u16(begin + 16, writer.position() - begin);
}

Bytes encode_open(const Offer& offer, std::chrono::seconds hold_time, RouterId router_id) {
    Bytes bytes;
    Writer writer(bytes);
    const auto begin = begin_message(MessageType::open, writer);
    writer.u8(version);
    writer.u16(static_cast<std::uint16_t>(offer.local_as > 0xffff ? as_trans : offer.local_as));
    writer.u16(static_cast<std::uint16_t>(hold_time.count()));
    writer.u32(router_id);
    const auto optional_length = writer.position();
    writer.u8(0);
    writer.u8(parameter_capabilities);
    const auto capabilities_length = writer.position();
    writer.u8(0);
    encode_capabilities(offer, writer);
    writer.patch_u8(optional_length, writer.position() - optional_length - 1);
    writer.patch_u8(capabilities_length, writer.position() - capabilities_length - 1);
    finish_message(begin, writer);
    return bytes;
}

Bytes encode_keepalive() {
    Bytes bytes;
    Writer writer(bytes);
    finish_message(begin_message(MessageType::keepalive, writer), writer);
    return bytes;
}

Bytes encode_notification(const Notification& notification) {
    Bytes bytes;
    Writer writer(bytes);
    const auto begin = begin_message(MessageType::notification, writer);
    writer.u8(static_cast<std::uint8_t>(notification.code));
    writer.u8(notification.subcode);
    const auto room = largest_message - writer.position();
    writer.bytes(std::span(notification.data).first(std::min(notification.data.size(), room)));
    finish_message(begin, writer);
    return bytes;
}

}  // namespace vipd::bgp
