#pragma once
// How much the log tells.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace vipd {

enum class LogLevel { debug, info, warning, error };

inline constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};

constexpr std::string_view to_string(LogLevel level) {
    return log_levels[static_cast<std::size_t>(level)];
}

constexpr std::optional<LogLevel> parse_log_level(std::string_view name) {
    const auto* const found = std::ranges::find(log_levels, name);
    if (found == log_levels.end()) return std::nullopt;
    return static_cast<LogLevel>(found - log_levels.begin());
}

}  // namespace vipd
