#pragma once
// The dns monitor's conversations over UDP and TCP. Sans-I/O. Exactly the server is asked, once.

#include "monitors/check.hpp"
#include "monitors/datagram_dialogue.hpp"
#include "monitors/dialogue.hpp"

#include <cstdint>
#include <string>

namespace vipd::monitors {

class DnsUdpDialogue final : public DatagramDialogue {
public:
    /// `check` must outlive this object; `id` is random.
    DnsUdpDialogue(const DnsCheck& check, std::uint16_t id) : check_(check), id_(id) {}

    std::string request() const override;
    std::optional<Finding> receive(std::string_view datagram) override;

private:
    const DnsCheck& check_;
    std::uint16_t id_;
};

/// Each message is preceded by its length in two bytes (RFC 7766 section 8).
class DnsTcpDialogue final : public Dialogue {
public:
    /// `check` must outlive this object; `id` is random.
    DnsTcpDialogue(const DnsCheck& check, std::uint16_t id) : check_(check), id_(id) {}

    std::optional<Finding> begin() override { return std::nullopt; }
    std::optional<Finding> receive(std::string_view bytes) override;
    std::optional<Finding> end() override;
    std::string take_output() override;

private:
    const DnsCheck& check_;
    std::uint16_t id_;
    bool sent_ = false;
    std::string received_;
};

}  // namespace vipd::monitors
