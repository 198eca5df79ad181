#include "monitors/icmp.hpp"

namespace vipd::monitors {

namespace {

constexpr std::size_t header_length = 8;

struct Types {
    std::uint8_t request;
    std::uint8_t reply;
};

Types types_of(Family family) {
    return family == Family::ipv4 ? Types{8, 0} : Types{128, 129};
}

/// RFC 1071. The kernel does it for ICMPv6, whose pseudo-header it alone knows.
std::uint16_t checksum(std::string_view bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        sum += i % 2 == 0 ? std::uint32_t{byte} << 8U : byte;
    }
    while ((sum >> 16U) != 0)
        sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

}  // namespace

/// Type, code, checksum (zero), identifier and sequence number, both from the nonce, and the nonce
/// as data.
std::string IcmpDialogue::message(std::uint8_t type) const {
    std::string bytes(header_length, '\0');
    bytes[0] = static_cast<char>(type);
    for (std::size_t i = 0; i < sizeof nonce_; ++i)
        bytes += static_cast<char>((nonce_ >> (8 * i)) & 0xffU);
    for (std::size_t i = 4; i < header_length; ++i)
        bytes[i] = bytes[i + 4];
    return bytes;
}

std::string IcmpDialogue::request() const {
    auto bytes = message(types_of(family_).request);
    if (family_ != Family::ipv4) return bytes;
    const auto sum = checksum(bytes);
    bytes[2] = static_cast<char>(sum >> 8U);
    bytes[3] = static_cast<char>(sum & 0xffU);
    return bytes;
}

std::optional<Finding> IcmpDialogue::receive(std::string_view datagram) {
    if (family_ == Family::ipv4) {
        if (datagram.empty()) return std::nullopt;
        const std::size_t ip_header =
            (static_cast<std::uint8_t>(datagram[0]) & 0xfU) * std::size_t{4};
        if (datagram.size() < ip_header) return std::nullopt;
        datagram.remove_prefix(ip_header);
    }
    const auto expected = message(types_of(family_).reply);
    if (datagram.size() != expected.size()) return std::nullopt;
    const bool same_head = datagram.substr(0, 2) == std::string_view(expected).substr(0, 2);
    const bool same_rest =
        datagram.substr(4) == std::string_view(expected).substr(4);  // behind the checksum
    if (!same_head || !same_rest) return std::nullopt;
    return Finding{true, {"ok", "echo reply"}};
}

}  // namespace vipd::monitors
