#pragma once
// The udp monitor: a datagram, and what must come back. Sans-I/O.

#include "monitors/check.hpp"
#include "monitors/datagram_dialogue.hpp"

namespace vipd::monitors {

class UdpDialogue final : public DatagramDialogue {
public:
    /// `check` must outlive this object.
    explicit UdpDialogue(const UdpCheck& check) : check_(check) {}

    std::string request() const override { return check_.send; }
    std::optional<Finding> receive(std::string_view datagram) override;
    std::optional<Finding> silence() const override;

private:
    const UdpCheck& check_;
};

}  // namespace vipd::monitors
