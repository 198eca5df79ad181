#include "monitors/exchange.hpp"
#include "test/fuzz/targets.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace vipd::fuzz {

using namespace monitors;

namespace {

/// Two digits for each byte, of which the next byte says whether they count.
std::string hex_pattern(std::span<const std::uint8_t> data) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
        text += (data[i + 1] & 1U) != 0 ? '?' : digits[data[i] >> 4U];
        text += (data[i + 1] & 2U) != 0 ? '?' : digits[data[i] & 0xfU];
    }
    return text;
}

std::optional<Finding> converse(const std::vector<Exchange>& exchanges, std::string_view answer,
                                std::size_t piece) {
    ExchangeDialogue dialogue(exchanges);
    require(!dialogue.begin());
    while (!answer.empty()) {
        if (auto finding = dialogue.receive(answer.substr(0, piece))) return finding;
        answer.remove_prefix(std::min(piece, answer.size()));
    }
    return dialogue.end();
}

}  // namespace

void monitors_exchange(std::span<const std::uint8_t> data) {
    if (data.size() < 2) return;
    const std::size_t piece = data[0] % 16U + 1U;
    const bool at_start = (data[0] & 0x80U) != 0;
    const auto pattern_bytes = std::min<std::size_t>(2U * (data[1] % 8U + 1U), data.size() - 2);
    const auto pattern = BytePattern::parse_hex(hex_pattern(data.subspan(2, pattern_bytes)));
    if (!pattern || pattern->empty()) return;
    const std::vector<Exchange> exchanges{{.send = "x", .expect = *pattern, .at_start = at_start}};
    const auto rest = data.subspan(2 + pattern_bytes);
    const std::string_view answer(reinterpret_cast<const char*>(rest.data()), rest.size());

    const auto whole = converse(exchanges, answer, std::max<std::size_t>(answer.size(), 1));
    const auto cut = converse(exchanges, answer, piece);
    require(whole.has_value() && cut.has_value());
    require(whole->success == cut->success && whole->reason.code == cut->reason.code);
    require(whole->reason.text.size() < 2000 && cut->reason.text.size() < 2000);
    require(whole->success == (at_start ? pattern->begins(answer) : pattern->is_in(answer)));
}

}  // namespace vipd::fuzz
