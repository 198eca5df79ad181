#include "monitors/icmp.hpp"
#include "test/fuzz/targets.hpp"

#include <string_view>

namespace vipd::fuzz {

void monitors_icmp(std::span<const std::uint8_t> data) {
    if (data.empty()) return;
    constexpr std::uint64_t nonce = 0x0807060504030201;
    monitors::IcmpDialogue dialogue((data[0] & 1U) != 0 ? Family::ipv6 : Family::ipv4, nonce);
    const std::string_view datagram(reinterpret_cast<const char*>(data.data()) + 1,
                                    data.size() - 1);
    const auto finding = dialogue.receive(datagram);
    if (!finding) return;
    require(finding->success && datagram.ends_with("\1\2\3\4\5\6\7\b"));
}

}  // namespace vipd::fuzz
