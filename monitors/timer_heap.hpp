#pragma once
// One timer a slot, earliest first. Pure: time is a value; a worker owns one and asks it how long
// to sleep.

#include "src/base/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace vipd::monitors {

/// A 4-ary heap that knows where each slot stands, so that a timer is moved or cleared in O(log n)
/// without leaving a dead entry behind. Slots are small numbers that the caller hands out and
/// reuses.
class TimerHeap {
public:
    using Slot = std::uint32_t;

    /// Sets or moves the slot's timer.
    void set(Slot slot, TimePoint when);
    /// Nothing happens if it is not set.
    void clear(Slot slot);

    bool empty() const { return heap_.empty(); }
    std::size_t size() const { return heap_.size(); }
    /// The earliest timer; nothing if none is set.
    std::optional<TimePoint> earliest() const;
    /// Takes out the earliest timer if it is due by `now`.
    std::optional<Slot> take_due(TimePoint now);

private:
    struct Entry {
        TimePoint when;
        Slot slot = 0;
    };
    static constexpr std::uint32_t unset = UINT32_MAX;

    void place(std::size_t position, Entry entry);
    void sift_up(std::size_t position, Entry entry);
    void sift_down(std::size_t position, Entry entry);
    void erase(std::size_t position);

    std::vector<Entry> heap_;
    std::vector<std::uint32_t> positions_;  // by slot: index in heap_, or unset
};

}  // namespace vipd::monitors
