#include "bgp/output_queue.hpp"

#include <cassert>
#include <utility>

namespace vipd::bgp {

void OutputQueue::push(std::span<const std::uint8_t> message, Item item) {
    const auto begin = bytes_.size();
    bytes_.insert(bytes_.end(), message.begin(), message.end());
    marks_.push_back({begin, bytes_.size(), std::move(item)});
}

std::vector<OutputQueue::Item> OutputQueue::written(std::size_t count) {
    assert(count <= size());
    written_ += count;
    std::vector<Item> out;
    while (!marks_.empty() && marks_.front().end <= written_) {
        out.push_back(std::move(marks_.front().item));
        marks_.pop_front();
    }
    if (marks_.empty()) clear();
    return out;
}

void OutputQueue::drop_unstarted() {
    while (!marks_.empty() && marks_.back().begin >= written_) {
        bytes_.resize(marks_.back().begin);
        marks_.pop_back();
    }
}

}  // namespace vipd::bgp
