#include "monitors/udp.hpp"

#include "monitors/text.hpp"

namespace vipd::monitors {

std::optional<Finding> UdpDialogue::receive(std::string_view datagram) {
    if (check_.expect.begins(datagram)) return Finding{true, {"ok", "answered as expected"}};
    return Finding{false,
                   {"unexpected-answer",
                    "got " + quoted(datagram) + ", accepted " + check_.expect.to_string()}};
}

/// A service that never answers cannot be told from one that does not exist but for the ICMP
/// message that did not come.
std::optional<Finding> UdpDialogue::silence() const {
    if (!check_.expect.empty()) return std::nullopt;
    return Finding{true, {"ok", "no ICMP message says that the port is unreachable"}};
}

}  // namespace vipd::monitors
