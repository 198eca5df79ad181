#pragma once

namespace vipd::test {

/// Tests that try a great many cases try fewer of them under AddressSanitizer, where each takes
/// five times as long: what it looks for shows in any of them.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace vipd::test
