#pragma once
// What one connection has still to write: whole messages, and what the peer knows once each has
// gone out.

#include "bgp/bytes.hpp"
#include "bgp/message.hpp"
#include "bgp/types.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace vipd::bgp {

class OutputQueue {
public:
    struct Item {
        MessageType type{};
        std::vector<Prefix> advertised;
        std::vector<Prefix> withdrawn;
        std::optional<Family> end_of_rib;
    };

    void push(std::span<const std::uint8_t> message, Item item);
    bool empty() const { return written_ == bytes_.size(); }
    std::size_t size() const { return bytes_.size() - written_; }
    std::span<const std::uint8_t> bytes() const { return std::span(bytes_).subspan(written_); }

    /// The socket took `count` bytes. Returns the messages that are out by that, in order.
    std::vector<Item> written(std::size_t count);

    /// Forgets what has not begun to go out, so that a NOTIFICATION does not wait behind it.
    void drop_unstarted();
    void clear() { *this = {}; }

private:
    struct Mark {
        std::size_t begin = 0;
        std::size_t end = 0;
        Item item;
    };

    Bytes bytes_;
    std::size_t written_ = 0;  // of bytes_
    std::deque<Mark> marks_;
};

}  // namespace vipd::bgp
