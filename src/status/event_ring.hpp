#pragma once
// The last events, for those who ask what happened. Bounded: the oldest goes when a new one comes.

#include "src/status/snapshot.hpp"

#include <deque>
#include <string>
#include <vector>

namespace vipd {

/// Empty fields let everything pass.
struct EventFilter {
    std::string code;  // the whole code
    std::string subject;  // a part of the subject
};

bool passes(const Event& event, const EventFilter& filter);

class EventRing {
public:
    explicit EventRing(std::size_t capacity = 10'000) : capacity_(capacity) {}

    /// Ids grow: an event that is not newer than the last one is our bug and is dropped.
    void add(Event event);

    /// The newest `limit` events after the one with id `after` that pass, oldest first. Valid until
    /// the next add().
    std::vector<const Event*> newest(std::uint64_t after, const EventFilter& filter,
                                     std::size_t limit) const;

    /// The oldest `limit` events after the one with id `after` that pass, oldest first: for a
    /// reader who wants all.
    std::vector<const Event*> next(std::uint64_t after, const EventFilter& filter,
                                   std::size_t limit) const;

    std::uint64_t first_id() const { return events_.empty() ? 0 : events_.front().id; }
    std::uint64_t last_id() const { return events_.empty() ? 0 : events_.back().id; }

private:
    std::deque<Event>::const_iterator first_after(std::uint64_t id) const;

    std::size_t capacity_;
    std::deque<Event> events_;
};

}  // namespace vipd
