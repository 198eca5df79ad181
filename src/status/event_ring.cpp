#include "src/status/event_ring.hpp"

#include <algorithm>
#include <cassert>

namespace vipd {

bool passes(const Event& event, const EventFilter& filter) {
    if (!filter.code.empty() && event.code != filter.code) return false;
    return event.subject.find(filter.subject) != std::string::npos;
}

void EventRing::add(Event event) {
    assert(event.id > last_id());
    if (event.id <= last_id()) return;
    events_.push_back(std::move(event));
    if (events_.size() > capacity_) events_.pop_front();
}

std::deque<Event>::const_iterator EventRing::first_after(std::uint64_t id) const {
    return std::ranges::upper_bound(events_, id, {}, &Event::id);
}

std::vector<const Event*> EventRing::newest(std::uint64_t after, const EventFilter& filter,
                                            std::size_t limit) const {
    std::vector<const Event*> found;
    for (auto event = events_.end(); event != first_after(after) && found.size() < limit;) {
        --event;
        if (passes(*event, filter)) found.push_back(&*event);
    }
    std::ranges::reverse(found);
    return found;
}

std::vector<const Event*> EventRing::next(std::uint64_t after, const EventFilter& filter,
                                          std::size_t limit) const {
    std::vector<const Event*> found;
    for (auto event = first_after(after); event != events_.end() && found.size() < limit; ++event) {
        if (passes(*event, filter)) found.push_back(&*event);
    }
    return found;
}

}  // namespace vipd
