#include "monitors/text.hpp"

#include <algorithm>
#include <cstdint>

namespace vipd::monitors {

namespace {

/// value / 1000 with up to three decimals, no trailing zeros.
std::string thousandths(std::int64_t value, std::string_view unit) {
    auto text = std::to_string(value / 1000);
    if (value % 1000 != 0) {
        auto decimals = std::to_string(1000 + value % 1000).substr(1);
        decimals.erase(decimals.find_last_not_of('0') + 1);
        text += "." + decimals;
    }
    return text.append(unit);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::string quoted(std::string_view bytes) {
    constexpr std::size_t longest = 60;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\"";
    for (const char c : bytes.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            text += c;
        } else {
            text += "\\x";
            text += digits[byte >> 4U];
            text += digits[byte & 0xfU];
        }
    }
    return text + (bytes.size() > longest ? "\"…" : "\"");
}

std::string duration_text(std::chrono::nanoseconds duration) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    if (micros < 1000) return std::to_string(micros) + "us";
    if (micros < 1000000) return thousandths(micros, "ms");
    return thousandths(micros / 1000, "s");
}

}  // namespace vipd::monitors
