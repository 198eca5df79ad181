#include "src/config/fraction.hpp"

namespace vipd {

namespace {
constexpr std::size_t max_decimals = 9;
}

std::optional<Fraction> Fraction::parse(std::string_view text) {
    if (text.empty() || (text.front() != '0' && text.front() != '1')) return std::nullopt;
    std::uint64_t value = text.front() == '1' ? one : 0;
    text.remove_prefix(1);
    if (!text.empty()) {
        if (text.front() != '.' || text.size() == 1 || text.size() > max_decimals + 1)
            return std::nullopt;
        auto place = one;
        for (const char digit : text.substr(1)) {
            if (digit < '0' || digit > '9') return std::nullopt;
            place /= 10;
            value += place * static_cast<std::uint64_t>(digit - '0');
        }
    }
    if (value > one) return std::nullopt;
    Fraction fraction;
    fraction.billionths_ = value;
    return fraction;
}

std::string Fraction::to_string() const {
    if (billionths_ == one) return "1";
    if (billionths_ == 0) return "0";
    auto digits = std::to_string(one + billionths_).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    return "0." + digits;
}

}  // namespace vipd
