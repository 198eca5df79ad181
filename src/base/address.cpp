#include "src/base/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace vipd {

std::string_view to_string(Family family) {
    return family == Family::ipv4 ? "ipv4" : "ipv6";
}

std::optional<Address> Address::from_bytes(std::span<const std::uint8_t> bytes) {
    if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
    Address address;
    address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(bytes, address.bytes_.begin());
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos)
        return std::nullopt;  // inet_pton would stop there
    Address address;
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.bytes_.fill(0);
    address.family_ = Family::ipv6;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

bool Address::is_loopback() const {
    if (is_ipv4()) return bytes_[0] == 127;
    return *this == *parse("::1");
}

bool Address::is_unspecified() const {
    return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_multicast() const {
    if (is_ipv4()) return (bytes_[0] & 0xf0U) == 0xe0U;
    return bytes_[0] == 0xffU;
}

bool Address::is_link_local() const {
    return !is_ipv4() && bytes_[0] == 0xfeU && (bytes_[1] & 0xc0U) == 0x80U;
}

std::string Address::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(is_ipv4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
    auto host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);

    const auto address = Address::parse(host);
    if (!address || address->is_ipv4() == bracketed) return std::nullopt;

    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return Endpoint{*address, port};
}

std::string Endpoint::to_string() const {
    const auto host = address.to_string();
    const auto digits = std::to_string(port);
    return address.is_ipv4() ? host + ":" + digits : "[" + host + "]:" + digits;
}

}  // namespace vipd

std::size_t std::hash<vipd::Address>::operator()(const vipd::Address& address) const noexcept {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
