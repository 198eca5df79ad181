#pragma once
// Numbers events and keeps those not yet taken. Every change that an operator could ask about is an
// event, and knows the event that caused it.

#include "src/status/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

using EventId = std::uint64_t;

class EventLog {
public:
    /// The wall clock is set by the caller before events are added: pure code asks no clock.
    void set_wall_clock(std::chrono::system_clock::time_point now) { wall_ = now; }

    std::chrono::system_clock::time_point wall_clock() const { return wall_; }

    EventId add(std::string code, std::string subject, std::string text,
                std::optional<EventId> cause = std::nullopt) {
        events_.push_back(
            {++last_, cause, wall_, std::move(code), std::move(subject), std::move(text)});
        return last_;
    }

    std::vector<Event> take() { return std::exchange(events_, {}); }

private:
    EventId last_ = 0;
    std::chrono::system_clock::time_point wall_;
    std::vector<Event> events_;
};

}  // namespace vipd
