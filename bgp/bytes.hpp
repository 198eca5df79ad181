#pragma once
// Big-endian cursors over bytes. The Reader never leaves its span: what is not there reads as
// zero or empty and fails the cursor for good, so a decoder may read all its fields and ask once.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vipd::bgp {

using Bytes = std::vector<std::uint8_t>;

class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

    std::size_t left() const { return rest_.size(); }
    bool empty() const { return rest_.empty(); }
    /// Something was read that was not there.
    bool failed() const { return failed_; }
    std::span<const std::uint8_t> rest() const { return rest_; }

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }

    /// The next `count` bytes; none, and failed, when there are fewer.
    std::span<const std::uint8_t> take(std::size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

private:
    std::uint32_t number(std::size_t octets) {
        std::uint32_t value = 0;
        for (const auto byte : take(octets)) {
            value = (value << 8U) | byte;
        }
        return value;
    }

    std::span<const std::uint8_t> rest_;
    bool failed_ = false;
};

/// Appends to a vector it does not own.
class Writer {
public:
    explicit Writer(Bytes& out) : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(value); }
    void u16(std::uint16_t value) {
        u8(static_cast<std::uint8_t>(value >> 8U));
        u8(static_cast<std::uint8_t>(value));
    }
    void u32(std::uint32_t value) {
        u16(static_cast<std::uint16_t>(value >> 16U));
        u16(static_cast<std::uint16_t>(value));
    }
    void bytes(std::span<const std::uint8_t> values) {
        out_.insert(out_.end(), values.begin(), values.end());
    }

    /// Where the next byte goes: to patch a length in later, or to measure.
    std::size_t position() const { return out_.size(); }
    void patch_u8(std::size_t position, std::size_t value) {
        assert(position < out_.size() && value <= 0xff);
        out_[position] = static_cast<std::uint8_t>(value);
    }
    void patch_u16(std::size_t position, std::size_t value) {
        assert(position + 1 < out_.size() && value <= 0xffff);
        out_[position] = static_cast<std::uint8_t>(value >> 8U);
        out_[position + 1] = static_cast<std::uint8_t>(value);
    }

private:
    Bytes& out_;
};

}  // namespace vipd::bgp
