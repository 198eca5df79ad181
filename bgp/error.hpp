#pragma once
// NOTIFICATION: the one word for what goes wrong between two speakers (RFC 4271 §4.5, §6). What a
// decoder finds wrong is the NOTIFICATION to answer with, so nothing needs a table from one to the
// other.

#include "bgp/bytes.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace vipd::bgp {

/// RFC 4271 §4.5, RFC 7313 §5, RFC 9687 §3.
enum class ErrorCode : std::uint8_t {
    message_header = 1,
    open_message = 2,
    update_message = 3,
    hold_timer_expired = 4,
    finite_state_machine = 5,
    cease = 6,
    route_refresh_message = 7,
    send_hold_timer_expired = 8,
};

// Subcodes, in the order of the IANA registry.
namespace header_error {
constexpr std::uint8_t not_synchronized = 1;
constexpr std::uint8_t bad_length = 2;
constexpr std::uint8_t bad_type = 3;
}  // namespace header_error

namespace open_error {
constexpr std::uint8_t unspecific = 0;
constexpr std::uint8_t unsupported_version = 1;
constexpr std::uint8_t bad_peer_as = 2;
constexpr std::uint8_t bad_identifier = 3;
constexpr std::uint8_t unsupported_parameter = 4;
constexpr std::uint8_t unacceptable_hold_time = 6;
constexpr std::uint8_t unsupported_capability = 7;
}  // namespace open_error

namespace update_error {
constexpr std::uint8_t malformed_attribute_list = 1;
constexpr std::uint8_t unrecognized_well_known = 2;
constexpr std::uint8_t missing_well_known = 3;
constexpr std::uint8_t attribute_flags = 4;
constexpr std::uint8_t attribute_length = 5;
constexpr std::uint8_t invalid_origin = 6;
constexpr std::uint8_t invalid_next_hop = 8;
constexpr std::uint8_t optional_attribute = 9;
constexpr std::uint8_t invalid_network = 10;
constexpr std::uint8_t malformed_as_path = 11;
}  // namespace update_error

/// RFC 6608.
namespace fsm_error {
constexpr std::uint8_t unspecified = 0;
constexpr std::uint8_t in_open_sent = 1;
constexpr std::uint8_t in_open_confirm = 2;
constexpr std::uint8_t in_established = 3;
}  // namespace fsm_error

/// RFC 4486, RFC 8538 §5.
namespace cease {
constexpr std::uint8_t administrative_shutdown = 2;
constexpr std::uint8_t peer_de_configured = 3;
constexpr std::uint8_t administrative_reset = 4;
constexpr std::uint8_t connection_rejected = 5;
constexpr std::uint8_t other_configuration_change = 6;
constexpr std::uint8_t connection_collision = 7;
constexpr std::uint8_t out_of_resources = 8;
constexpr std::uint8_t hard_reset = 9;
}  // namespace cease

struct Notification {
    ErrorCode code{};  // as on the wire: may be a value that has no name
    std::uint8_t subcode = 0;
    Bytes data;

    bool operator==(const Notification&) const = default;
};

/// Cease/2 or /4 with a text for the operator on the other side (RFC 9003), cut to 255 bytes
/// between characters.
Notification cease_with_text(std::uint8_t subcode, std::string_view text);

/// "6/2 Cease, Administrative Shutdown: \"moving racks\"". The text comes from outside: printable
/// UTF-8 only, everything else is replaced, at most 255 bytes.
std::string to_string(const Notification& notification);

/// Why bytes are no message. `answer` is false where RFC 4271 §6.4 forbids a reply.
struct DecodeError {
    DecodeError() = default;
    explicit DecodeError(Notification with, bool may_answer = true)
        : notification(std::move(with)), answer(may_answer) {}

    Notification notification;
    bool answer = true;

    bool operator==(const DecodeError&) const = default;
};

template <class T>
using Decoded = boost::system::result<T, DecodeError>;

}  // namespace vipd::bgp
