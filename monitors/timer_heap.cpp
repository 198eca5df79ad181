#include "monitors/timer_heap.hpp"

#include <algorithm>

namespace vipd::monitors {

namespace {

constexpr std::size_t arity = 4;

}  // namespace

void TimerHeap::set(Slot slot, TimePoint when) {
    if (slot >= positions_.size()) positions_.resize(slot + 1, unset);
    const Entry entry{when, slot};
    if (positions_[slot] == unset) {
        heap_.push_back(entry);
        sift_up(heap_.size() - 1, entry);
        return;
    }
    const std::size_t position = positions_[slot];
    if (when < heap_[position].when) {
        sift_up(position, entry);
    } else {
        sift_down(position, entry);
    }
}

void TimerHeap::clear(Slot slot) {
    if (slot < positions_.size() && positions_[slot] != unset) erase(positions_[slot]);
}

std::optional<TimePoint> TimerHeap::earliest() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().when;
}

std::optional<TimerHeap::Slot> TimerHeap::take_due(TimePoint now) {
    if (heap_.empty() || heap_.front().when > now) return std::nullopt;
    const Slot slot = heap_.front().slot;
    erase(0);
    return slot;
}

void TimerHeap::place(std::size_t position, Entry entry) {
    heap_[position] = entry;
    positions_[entry.slot] = static_cast<std::uint32_t>(position);
}

void TimerHeap::sift_up(std::size_t position, Entry entry) {
    while (position > 0) {
        const std::size_t parent = (position - 1) / arity;
        if (heap_[parent].when <= entry.when) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, entry);
}

void TimerHeap::sift_down(std::size_t position, Entry entry) {
    for (;;) {
        const std::size_t first = position * arity + 1;
        if (first >= heap_.size()) break;
        const std::size_t end = std::min(first + arity, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child) {
            if (heap_[child].when < heap_[least].when) least = child;
        }
        if (heap_[least].when >= entry.when) break;
        place(position, heap_[least]);
        position = least;
    }
    place(position, entry);
}

void TimerHeap::erase(std::size_t position) {
    positions_[heap_[position].slot] = unset;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (position == heap_.size()) return;  // it was the last one
    if (position > 0 && last.when < heap_[(position - 1) / arity].when) {
        sift_up(position, last);
    } else {
        sift_down(position, last);
    }
}

}  // namespace vipd::monitors
