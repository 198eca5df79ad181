#pragma once
// A share such as 0.5, read exactly from its text, so that 100 servers at 0.55 are 55 and not 56
// (pybal.md §2.3).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vipd {

class Fraction {
public:
    constexpr Fraction() = default;

    /// A JSON number from 0 to 1 with at most nine decimals, without exponent: "0", "0.5", "1",
    /// "1.0".
    static std::optional<Fraction> parse(std::string_view text);

    /// ceil(count × this), exact.
    constexpr std::uint64_t ceil_of(std::uint64_t count) const {
        return (count * billionths_ + one - 1) / one;
    }

    bool is_zero() const { return billionths_ == 0; }
    /// "0.5"
    std::string to_string() const;

    constexpr auto operator<=>(const Fraction&) const = default;

private:
    static constexpr std::uint64_t one = 1'000'000'000;
    std::uint64_t billionths_ = 0;
};

}  // namespace vipd
