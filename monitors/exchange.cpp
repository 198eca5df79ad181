#include "monitors/exchange.hpp"

#include "monitors/text.hpp"

#include <algorithm>
#include <utility>

namespace vipd::monitors {

namespace {

constexpr std::size_t longest_answer = 65536;

}  // namespace

std::optional<Finding> ExchangeDialogue::receive(std::string_view bytes) {
    const auto before = answer_.size();
    answer_.append(bytes.substr(0, longest_answer - before));
    return judge(before);
}

std::optional<Finding> ExchangeDialogue::end() {
    return Finding{
        false,
        {"connection-closed",
         "closed before " + exchanges_[current_].expect.to_string() + ", got " + quoted(answer_)}};
}

std::string ExchangeDialogue::take_output() {
    return std::exchange(output_, {});
}

/// Says what is to be said, up to the first exchange that waits for something.
std::optional<Finding> ExchangeDialogue::go_on() {
    for (; current_ < exchanges_.size(); ++current_) {
        output_ += exchanges_[current_].send;
        if (!exchanges_[current_].expect.empty()) return std::nullopt;
    }
    return Finding{true, {"ok", "answered as expected"}};
}

/// A match ends in what is new: else each byte would cost a search through all of them.
std::optional<Finding> ExchangeDialogue::judge(std::size_t seen) {
    const auto& [send, expect, at_start] = exchanges_[current_];
    const auto from = seen - std::min(seen, expect.size());
    if (at_start ? expect.begins(answer_) : expect.is_in(std::string_view(answer_).substr(from))) {
        answer_.clear();
        ++current_;
        return go_on();
    }
    const bool hopeless = at_start ? !expect.may_begin(answer_) : answer_.size() == longest_answer;
    if (!hopeless) return std::nullopt;
    return Finding{
        false,
        {"unexpected-answer", "got " + quoted(answer_) + ", accepted " + expect.to_string()}};
}

}  // namespace vipd::monitors
