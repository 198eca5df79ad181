#pragma once
// Bytes as text, so that a failing check shows them, and values that many tests speak of.

#include "bgp/bytes.hpp"
#include "bgp/fsm.hpp"
#include "bgp/message.hpp"
#include "bgp/types.hpp"
#include "src/base/address.hpp"

#include <string>
#include <string_view>

namespace vipd::bgp::test {

constexpr auto out = Slot::outgoing;
constexpr auto in = Slot::incoming;

/// "ff 00 1a" and the like; anything but hex digits is skipped.
inline Bytes bytes(std::string_view hex) {
    Bytes result;
    int high = -1;
    for (const char digit : hex) {
        int value = -1;
        if (digit >= '0' && digit <= '9') value = digit - '0';
        if (digit >= 'a' && digit <= 'f') value = digit - 'a' + 10;
        if (value < 0) continue;
        if (high < 0) {
            high = value;
        } else {
            result.push_back(static_cast<std::uint8_t>(high * 16 + value));
            high = -1;
        }
    }
    return result;
}

inline std::string hex(std::span<const std::uint8_t> data) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : data) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xfU];
    }
    return text;
}

/// The same digits without the spaces that make a literal readable.
inline std::string packed(std::string_view hex_text) {
    return hex(bytes(hex_text));
}

inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// A message with its header.
inline Bytes framed(MessageType type, const Bytes& body) {
    Bytes message;
    Writer writer(message);
    const auto begin = begin_message(type, writer);
    writer.bytes(body);
    finish_message(begin, writer);
    return message;
}

/// The Path Attributes and NLRI of an UPDATE without withdrawn routes.
inline Bytes update_body(const Bytes& attributes, const Bytes& nlri) {
    Bytes body;
    Writer writer(body);
    writer.u16(0);
    writer.u16(static_cast<std::uint16_t>(attributes.size()));
    writer.bytes(attributes);
    writer.bytes(nlri);
    return body;
}

inline Address address(std::string_view text) {
    return *Address::parse(text);
}
inline Prefix host(std::string_view text) {
    return Prefix::host(address(text));
}

/// What was wrong, as an operator reads it; "none" where nothing was.
template <class T>
std::string error_of(const Decoded<T>& decoded) {
    return decoded ? "none" : to_string(decoded.error().notification);
}

}  // namespace vipd::bgp::test
