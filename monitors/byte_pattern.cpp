#include "monitors/byte_pattern.hpp"

#include "monitors/text.hpp"

#include <algorithm>

namespace vipd::monitors {

namespace {

struct Nibble {
    unsigned value = 0;
    unsigned mask = 0;
};

std::optional<Nibble> nibble(char digit) {
    if (digit == '?') return Nibble{};
    if (digit >= '0' && digit <= '9') return Nibble{static_cast<unsigned>(digit - '0'), 0xf};
    if (digit >= 'a' && digit <= 'f') return Nibble{static_cast<unsigned>(digit - 'a' + 10), 0xf};
    if (digit >= 'A' && digit <= 'F') return Nibble{static_cast<unsigned>(digit - 'A' + 10), 0xf};
    return std::nullopt;
}

char joined(unsigned high, unsigned low) {
    return static_cast<char>(static_cast<unsigned char>(high << 4U | low));
}

}  // namespace

BytePattern BytePattern::literal(std::string_view text) {
    BytePattern pattern;
    pattern.bytes_ = text;
    pattern.mask_.assign(text.size(), '\xff');
    return pattern;
}

std::optional<BytePattern> BytePattern::parse_hex(std::string_view text) {
    BytePattern pattern;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        const auto high = nibble(text[0]);
        const auto low = text.size() > 1 ? nibble(text[1]) : std::nullopt;
        if (!high || !low) return std::nullopt;
        pattern.bytes_ += joined(high->value, low->value);
        pattern.mask_ += joined(high->mask, low->mask);
        text.remove_prefix(2);
    }
    return pattern;
}

bool BytePattern::may_begin(std::string_view bytes) const {
    const auto length = std::min(bytes.size(), size());
    for (std::size_t i = 0; i < length; ++i) {
        if ((bytes[i] & mask_[i]) != bytes_[i]) return false;
    }
    return true;
}

bool BytePattern::is_in(std::string_view bytes) const {
    for (; bytes.size() >= size(); bytes.remove_prefix(1)) {
        if (may_begin(bytes)) return true;
        if (bytes.empty()) break;
    }
    return false;
}

std::string BytePattern::to_string() const {
    const bool plain = std::ranges::all_of(mask_, [](char mask) { return mask == '\xff'; });
    if (plain) return quoted(bytes_);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes_[i]);
        const auto mask = static_cast<unsigned char>(mask_[i]);
        if (i > 0) text += ' ';
        text += (mask >> 4U) != 0 ? digits[byte >> 4U] : '?';
        text += (mask & 0xfU) != 0 ? digits[byte & 0xfU] : '?';
    }
    return text;
}

}  // namespace vipd::monitors
