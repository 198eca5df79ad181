#include "monitors/dns.hpp"

#include "monitors/dns_message.hpp"

#include <utility>

namespace vipd::monitors {

std::string DnsUdpDialogue::request() const {
    return dns_query(check_, id_);
}

std::optional<Finding> DnsUdpDialogue::receive(std::string_view datagram) {
    return judge_dns(check_, id_, datagram);
}

/// A message is at most 65,535 bytes long, which bounds what is kept.
std::optional<Finding> DnsTcpDialogue::receive(std::string_view bytes) {
    received_.append(bytes);
    if (received_.size() < 2) return std::nullopt;
    const auto length = std::size_t{static_cast<std::uint8_t>(received_[0])} << 8U |
                        static_cast<std::uint8_t>(received_[1]);
    if (received_.size() - 2 < length) return std::nullopt;
    auto finding = judge_dns(check_, id_, std::string_view(received_).substr(2, length));
    if (finding) return finding;
    return Finding{false, {"dns-invalid", "got a message that does not answer our question"}};
}

std::optional<Finding> DnsTcpDialogue::end() {
    return Finding{false,
                   {"connection-closed",
                    "closed after " + std::to_string(received_.size()) + " bytes of the answer"}};
}

std::string DnsTcpDialogue::take_output() {
    if (std::exchange(sent_, true)) return {};
    const auto query = dns_query(check_, id_);
    std::string framed;
    framed += static_cast<char>(query.size() >> 8U);
    framed += static_cast<char>(query.size() & 0xffU);
    return framed + query;
}

}  // namespace vipd::monitors
