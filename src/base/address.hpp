#pragma once
// An IP address as a value: family and bytes in network order. No port, no zone, no prefix length.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vipd {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// "ipv4" or "ipv6", as in the configuration.
std::string_view to_string(Family family);

class Address {
public:
    /// 0.0.0.0. There is no empty address: what may be absent is an optional<Address>.
    Address() = default;

    /// From 4 (IPv4) or 16 (IPv6) bytes in network order; any other length gives nothing.
    static std::optional<Address> from_bytes(std::span<const std::uint8_t> bytes);

    /// Textual form as inet_pton(3) takes it; no brackets, no zone. Mapped IPv4 (::ffff:a.b.c.d)
    /// stays IPv6.
    static std::optional<Address> parse(std::string_view text);

    Family family() const { return family_; }
    bool is_ipv4() const { return family_ == Family::ipv4; }

    /// Network order: 4 or 16 bytes, valid for the life of this object.
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_ipv4() ? 4U : 16U}; }

    bool is_loopback() const;
    bool is_unspecified() const;
    bool is_multicast() const;
    /// fe80::/10 (RFC 4291 §2.4). An IPv4 address never is: the kernel routes those like any other.
    bool is_link_local() const;

    /// Canonical text (RFC 5952 for IPv6).
    std::string to_string() const;

    auto operator<=>(const Address&) const = default;

private:
    Family family_ = Family::ipv4;
    std::array<std::uint8_t, 16> bytes_{};
};

/// An address and a port: "192.0.2.1:179", "[2001:db8::1]:179".
struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    static std::optional<Endpoint> parse(std::string_view text);
    std::string to_string() const;

    auto operator<=>(const Endpoint&) const = default;
};

}  // namespace vipd

template <>
struct std::hash<vipd::Address> {
    std::size_t operator()(const vipd::Address& address) const noexcept;
};
