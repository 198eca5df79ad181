#pragma once
// Each takes any bytes and aborts where an invariant does not hold.

#include <cstdint>
#include <cstdlib>
#include <span>

namespace vipd::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

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

}  // namespace vipd::fuzz
