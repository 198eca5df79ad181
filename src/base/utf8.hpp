#pragma once
// One question about UTF-8 (RFC 3629).

#include <cstddef>
#include <string_view>

namespace vipd {

/// The length in bytes of the character at the start of `text`, or 0 if what is there is not
/// well-formed UTF-8: truncated, overlong, a surrogate or beyond U+10FFFF.
std::size_t utf8_length(std::string_view text);

}  // namespace vipd
