#include "src/config/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace vipd {

namespace {

using namespace std::chrono_literals;

// Largest first, as duration_text needs them.
constexpr std::array<std::pair<std::string_view, Duration>, 4> units{
    {{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};

constexpr Duration longest_duration = 100'000h;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    std::uint64_t count = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view written(rest, static_cast<std::size_t>(end - rest));
    for (const auto& [name, unit] : units) {
        if (name != written) continue;
        if (count > static_cast<std::uint64_t>(longest_duration / unit)) return std::nullopt;
        return unit * static_cast<std::int64_t>(count);
    }
    return std::nullopt;
}

std::string duration_text(Duration duration) {
    if (duration == Duration::zero()) return "0s";
    for (const auto& [name, unit] : units) {
        if (duration % unit == Duration::zero()) {
            return std::to_string(duration / unit).append(name);
        }
    }
    return std::to_string(duration.count()) + "ms";
}

}  // namespace vipd
