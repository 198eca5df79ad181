#pragma once
// Each takes any bytes and aborts where an invariant does not hold.

#include <cstdint>
#include <cstdlib>
#include <span>

namespace vipd::fuzz {

/// The first byte says what was negotiated; the rest is a stream of messages.
void bgp_message(std::span<const std::uint8_t> data);
/// The body of an OPEN, and the same bytes as capabilities alone.
void bgp_open(std::span<const std::uint8_t> data);
/// A script of events, bytes of the peer and passing time for one session.
void bgp_session(std::span<const std::uint8_t> data);

/// Stays on in every build type.
inline void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace vipd::fuzz
