#pragma once
// Pieces of the sentences that probe results carry.

#include <chrono>
#include <string>
#include <string_view>

namespace vipd::monitors {

/// In double quotes, cut to 60 bytes, everything but printable ASCII as \xNN: safe for logs,
/// whatever a server sent.
std::string quoted(std::string_view bytes);

/// ASCII only, as names in protocols are compared.
bool equal_ignoring_case(std::string_view left, std::string_view right);

/// "2s", "1.5s", "300ms", "3us": as short as is exact, rounded down to a microsecond.
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace vipd::monitors
