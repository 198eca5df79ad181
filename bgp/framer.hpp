#pragma once
// Bytes in, whole messages out (RFC 4271 §4.1, §6.1). A header is judged before its body is waited
// for, so that no length a peer invents can make us wait or grow.

#include "bgp/bytes.hpp"
#include "bgp/error.hpp"
#include "bgp/message.hpp"

#include <optional>
#include <span>

namespace vipd::bgp {

class Framer {
public:
    struct Frame {
        MessageType type{};
        std::span<const std::uint8_t> body;  // until the next call
    };

    /// Takes bytes as they came. Call next() until it gives nothing before feeding again: then
    /// never more than one unfinished message is kept.
    void feed(std::span<const std::uint8_t> bytes);

    /// The next whole message, nothing if more bytes are needed, or what is wrong with the header.
    /// After an error there is no way on: the stream has lost its frame.
    std::optional<Decoded<Frame>> next();

    std::size_t buffered() const { return buffer_.size() - consumed_; }

private:
    Bytes buffer_;
    std::size_t consumed_ = 0;
};

}  // namespace vipd::bgp
