#pragma once
// Each takes any bytes and aborts where an invariant does not hold.

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace vipd::fuzz {

/// The first byte says what was negotiated; the rest is a stream of messages.
void bgp_message(std::span<const std::uint8_t> data);
/// The body of an OPEN, and the same bytes as capabilities alone.
void bgp_open(std::span<const std::uint8_t> data);
/// A script of events, bytes of the peer and passing time for one session.
void bgp_session(std::span<const std::uint8_t> data);

/// The first byte says how the rest, an HTTP response, is cut into pieces; the outcome must not
/// depend on that.
void monitors_http_response(std::span<const std::uint8_t> data);
/// How it is cut, a pattern, and an answer in which that is looked for; the outcome must not depend
/// on the cut.
void monitors_exchange(std::span<const std::uint8_t> data);
/// A datagram as a raw socket gives it, behind a byte for its family; only what bears our nonce may
/// be a reply.
void monitors_icmp(std::span<const std::uint8_t> data);
/// A DNS message that carries our id.
void monitors_dns_message(std::span<const std::uint8_t> data);

/// A byte for the form, and a list of servers as somebody else's program wrote it.
void config_server_list(std::span<const std::uint8_t> data);
/// The target of a request, and on the next lines the body of a command.
void status_request(std::span<const std::uint8_t> data);

/// Stays on in every build type.
inline void require(bool holds) {
    if (!holds) std::abort();
}

inline std::string_view text_of(std::span<const std::uint8_t> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

}  // namespace vipd::fuzz
