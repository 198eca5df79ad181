#pragma once
// Durations as the configuration writes them: a whole number and a unit, "300ms", "9s", "5m", "1h".

#include "src/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace vipd {

/// Nothing for anything else, and for more than 100,000 hours.
std::optional<Duration> parse_duration(std::string_view text);

/// In the largest unit that is exact: 9000 ms is "9s".
std::string duration_text(Duration duration);

}  // namespace vipd
