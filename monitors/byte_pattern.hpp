#pragma once
// Bytes to look for in an answer, with wildcards for half bytes. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace vipd::monitors {

class BytePattern {
public:
    /// Matches everything.
    BytePattern() = default;
    static BytePattern literal(std::string_view text);
    /// Pairs of hex digits, '?' for any digit, spaces between pairs if liked: "48 6? ?? 6f".
    /// Nothing if it is not that.
    static std::optional<BytePattern> parse_hex(std::string_view text);

    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }
    /// Could these be the first bytes of a match? (They may be fewer than the pattern.)
    bool may_begin(std::string_view bytes) const;
    bool begins(std::string_view bytes) const { return bytes.size() >= size() && may_begin(bytes); }
    bool is_in(std::string_view bytes) const;

    /// In quotes when it is plain text, else as hex: for reasons.
    std::string to_string() const;

    bool operator==(const BytePattern&) const = default;

private:
    std::string bytes_;  // zero where the mask is
    std::string mask_;  // same length: the bits that count
};

}  // namespace vipd::monitors
