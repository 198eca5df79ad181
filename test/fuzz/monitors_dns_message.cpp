#include "monitors/dns_message.hpp"
#include "test/fuzz/targets.hpp"

#include <string>

namespace vipd::fuzz {

void monitors_dns_message(std::span<const std::uint8_t> data) {
    static const monitors::DnsCheck check{.name = "www.example.org", .answers = {"192.0.2.1"}};
    constexpr std::uint16_t id = 0x1234;
    std::string message(reinterpret_cast<const char*>(data.data()), data.size());
    if (message.size() >= 2) message.replace(0, 2, "\x12\x34");
    const auto finding = monitors::judge_dns(check, id, message);
    if (!finding) return;
    // What is shown of a message stays short, whatever it holds.
    if (finding->reason.code.empty() || finding->reason.text.size() > 2000) std::abort();
}

}  // namespace vipd::fuzz
