#include "bgp/framer.hpp"

#include <algorithm>

namespace vipd::bgp {

namespace {

struct LengthRange {
    std::size_t smallest = 0;
    std::size_t largest = 0;
};

/// RFC 4271 §6.1, RFC 2918 §3. Only RFC 5291, which we do not offer, lets a ROUTE-REFRESH be
/// longer.
std::optional<LengthRange> lengths_of(MessageType type) {
    switch (type) {
        case MessageType::open:
            return LengthRange{29, largest_message};
        case MessageType::update:
            return LengthRange{23, largest_message};
        case MessageType::notification:
            return LengthRange{21, largest_message};
        case MessageType::keepalive:
            return LengthRange{header_size, header_size};
        case MessageType::route_refresh:
            return LengthRange{23, 23};
    }
    return std::nullopt;
}

DecodeError header_notification(std::uint8_t subcode, Bytes data, bool may_answer = true) {
    return DecodeError({ErrorCode::message_header, subcode, std::move(data)}, may_answer);
}

std::optional<DecodeError> check_header(std::size_t length, MessageType type) {
    const Bytes wrong_length{static_cast<std::uint8_t>(length >> 8U),
                             static_cast<std::uint8_t>(length)};
    if (length < header_size || length > largest_message) {
        return header_notification(header_error::bad_length, wrong_length);
    }
    const auto range = lengths_of(type);
    if (!range) {
        return header_notification(header_error::bad_type, {static_cast<std::uint8_t>(type)});
    }
    if (length < range->smallest || length > range->largest) {
        return header_notification(header_error::bad_length, wrong_length,
                                   type != MessageType::notification);
    }
    return std::nullopt;
}

}  // namespace

void Framer::feed(std::span<const std::uint8_t> bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Decoded<Framer::Frame>> Framer::next() {
    const auto rest = std::span(buffer_).subspan(consumed_);
    const auto marker = rest.first(std::min<std::size_t>(rest.size(), 16));
    if (std::ranges::any_of(marker, [](std::uint8_t byte) { return byte != 0xff; })) {
        return header_notification(header_error::not_synchronized, {});
    }
    if (rest.size() < header_size) return std::nullopt;

    Reader header(rest.subspan(16, 3));
    const std::size_t length = header.u16();
    const auto type = static_cast<MessageType>(header.u8());
    if (const auto error = check_header(length, type)) return *error;
    if (rest.size() < length) return std::nullopt;

    consumed_ += length;
    return Frame{type, rest.subspan(header_size, length - header_size)};
}

}  // namespace vipd::bgp
