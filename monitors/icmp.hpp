#pragma once
// The icmp monitor: an echo request and its reply (RFC 792, RFC 4443 section 4). Sans-I/O.

#include "monitors/datagram_dialogue.hpp"
#include "src/base/address.hpp"

#include <cstdint>

namespace vipd::monitors {

class IcmpDialogue final : public DatagramDialogue {
public:
    /// `nonce` is random: it tells our reply from those to other probes.
    IcmpDialogue(Family family, std::uint64_t nonce) : family_(family), nonce_(nonce) {}

    std::string request() const override;
    /// As a raw socket gives it: with the IP header for IPv4 (raw(7)), without for IPv6.
    std::optional<Finding> receive(std::string_view datagram) override;

private:
    std::string message(std::uint8_t type) const;

    Family family_;
    std::uint64_t nonce_;
};

}  // namespace vipd::monitors
