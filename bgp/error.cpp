#include "bgp/error.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace vipd::bgp {

namespace {

constexpr std::size_t longest_text = 255;  // RFC 9003 §2

std::string_view name_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::message_header:
            return "Message Header Error";
        case ErrorCode::open_message:
            return "OPEN Message Error";
        case ErrorCode::update_message:
            return "UPDATE Message Error";
        case ErrorCode::hold_timer_expired:
            return "Hold Timer Expired";
        case ErrorCode::finite_state_machine:
            return "Finite State Machine Error";
        case ErrorCode::cease:
            return "Cease";
        case ErrorCode::route_refresh_message:
            return "ROUTE-REFRESH Message Error";
        case ErrorCode::send_hold_timer_expired:
            return "Send Hold Timer Expired";
    }
    return "Unknown Error";
}

// Index is the subcode; empty where IANA has none.
constexpr std::array<std::string_view, 4> header_names{"", "Connection Not Synchronized",
                                                       "Bad Message Length", "Bad Message Type"};
constexpr std::array<std::string_view, 12> open_names{"",
                                                      "Unsupported Version Number",
                                                      "Bad Peer AS",
                                                      "Bad BGP Identifier",
                                                      "Unsupported Optional Parameter",
                                                      "",
                                                      "Unacceptable Hold Time",
                                                      "Unsupported Capability",
                                                      "",
                                                      "",
                                                      "",
                                                      "Role Mismatch"};
constexpr std::array<std::string_view, 12> update_names{"",
                                                        "Malformed Attribute List",
                                                        "Unrecognized Well-known Attribute",
                                                        "Missing Well-known Attribute",
                                                        "Attribute Flags Error",
                                                        "Attribute Length Error",
                                                        "Invalid ORIGIN Attribute",
                                                        "",
                                                        "Invalid NEXT_HOP Attribute",
                                                        "Optional Attribute Error",
                                                        "Invalid Network Field",
                                                        "Malformed AS_PATH"};
constexpr std::array<std::string_view, 4> fsm_names{"", "Unexpected Message in OpenSent",
                                                    "Unexpected Message in OpenConfirm",
                                                    "Unexpected Message in Established"};
constexpr std::array<std::string_view, 11> cease_names{"",
                                                       "Maximum Number of Prefixes Reached",
                                                       "Administrative Shutdown",
                                                       "Peer De-configured",
                                                       "Administrative Reset",
                                                       "Connection Rejected",
                                                       "Other Configuration Change",
                                                       "Connection Collision Resolution",
                                                       "Out of Resources",
                                                       "Hard Reset",
                                                       "BFD Down"};
constexpr std::array<std::string_view, 2> refresh_names{"", "Invalid Message Length"};

std::string_view name_of(ErrorCode code, std::uint8_t subcode) {
    const auto pick = [subcode](std::span<const std::string_view> names) {
        return subcode < names.size() ? names[subcode] : std::string_view{};
    };
    switch (code) {
        case ErrorCode::message_header:
            return pick(header_names);
        case ErrorCode::open_message:
            return pick(open_names);
        case ErrorCode::update_message:
            return pick(update_names);
        case ErrorCode::finite_state_machine:
            return pick(fsm_names);
        case ErrorCode::cease:
            return pick(cease_names);
        case ErrorCode::route_refresh_message:
            return pick(refresh_names);
        case ErrorCode::hold_timer_expired:
        case ErrorCode::send_hold_timer_expired:
            return {};
    }
    return {};
}

/// How many bytes the UTF-8 character at the front takes; 0 where there is none that may be shown:
/// broken or overlong encodings, surrogates, control characters, bidirectional overrides.
std::size_t shown_character(std::span<const std::uint8_t> text) {
    const auto lead = text[0];
    if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
    std::uint32_t character = lead & (0xffU >> (size + 1));
    for (const auto byte : text.subspan(1, size - 1)) {
        if ((byte & 0xc0U) != 0x80) return 0;
        character = (character << 6U) | (byte & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    const bool bidirectional = (character >= 0x202a && character <= 0x202e) ||
                               (character >= 0x2066 && character <= 0x2069);
    const bool control = character >= 0x80 && character <= 0x9f;
    if (character < smallest[size] || character > 0x10ffff) return 0;
    return surrogate || bidirectional || control ? 0 : size;
}

std::string sanitized(std::span<const std::uint8_t> text) {
    std::string shown;
    while (!text.empty()) {
        const auto size = shown_character(text);
        if (size == 0) {
            shown += '?';
        } else {
            shown.append(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        }
        text = text.subspan(size == 0 ? 1 : size);
    }
    return shown;
}

bool carries_text(const Notification& notification) {
    return notification.code == ErrorCode::cease &&
           (notification.subcode == cease::administrative_shutdown ||
            notification.subcode == cease::administrative_reset);
}

/// RFC 9003 §2: one octet of length, then UTF-8. Anything else is shown as no text.
std::string text_of(const Notification& notification) {
    Reader reader(notification.data);
    const auto text = reader.take(reader.u8());
    return reader.failed() ? std::string{} : sanitized(text);
}

std::string hex(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t most = 32;
    std::string text;
    for (const auto byte : bytes.first(std::min(bytes.size(), most))) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xfU];
    }
    return bytes.size() > most ? text + "…" : text;
}

std::string described_data(const Notification& notification) {
    if (notification.data.empty()) return {};
    if (carries_text(notification)) {
        const auto text = text_of(notification);
        return text.empty() ? std::string{} : ": \"" + text + "\"";
    }
    const bool encapsulates = notification.code == ErrorCode::cease &&
                              notification.subcode == cease::hard_reset &&
                              notification.data.size() >= 2;
    if (!encapsulates) return ": data " + hex(notification.data);
    const auto inner_code = static_cast<ErrorCode>(notification.data[0]);
    const auto inner_subcode = notification.data[1];
    const bool nested = inner_code == ErrorCode::cease && inner_subcode == cease::hard_reset;
    if (nested) return ": data " + hex(notification.data);  // one level only (RFC 8538 §3)
    return ": " +
           to_string(Notification{inner_code, inner_subcode,
                                  Bytes(notification.data.begin() + 2, notification.data.end())});
}

}  // namespace

Notification cease_with_text(std::uint8_t subcode, std::string_view text) {
    auto size = std::min(text.size(), longest_text);
    const auto continues = [&](std::size_t at) {
        return at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xc0U) == 0x80;
    };
    while (size > 0 && continues(size)) {
        --size;
    }
    Notification notification{ErrorCode::cease, subcode, {}};
    if (size == 0) return notification;
    Writer writer(notification.data);
    writer.u8(static_cast<std::uint8_t>(size));
    for (const char character : text.substr(0, size)) {
        writer.u8(static_cast<std::uint8_t>(character));
    }
    return notification;
}

std::string to_string(const Notification& notification) {
    const auto code = static_cast<unsigned>(notification.code);
    auto text = std::to_string(code) + "/" + std::to_string(notification.subcode) + " ";
    text += name_of(notification.code);
    const auto subcode_name = name_of(notification.code, notification.subcode);
    if (!subcode_name.empty()) {
        text += ", ";
        text += subcode_name;
    }
    return text + described_data(notification);
}

}  // namespace vipd::bgp
