#pragma once
// Each takes any bytes and aborts where an invariant does not hold.

#include <cstdint>
#include <cstdlib>
#include <span>

namespace vipd::fuzz {

/// The first byte says how the rest, an HTTP response, is cut into pieces; the outcome must not
/// depend on that.
void monitors_http_response(std::span<const std::uint8_t> data);
/// A DNS message that carries our id.
void monitors_dns_message(std::span<const std::uint8_t> data);

}  // namespace vipd::fuzz
