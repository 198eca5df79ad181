#pragma once
// What one reader of server-sent events has still to be told. Level-triggered: it remembers what
// was said, not what is to be said, so a slow reader costs no memory however much happens.

#include "src/status/answer.hpp"
#include "src/status/change_log.hpp"
#include "src/status/event_ring.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vipd {

class EventStream {
public:
    explicit EventStream(Subscription subscription) : subscription_(std::move(subscription)) {}

    /// The next part, at most a hundred events; empty when all has been said.
    std::string next(const EventRing& ring, const ChangeLog& changes);

private:
    std::string missed(const EventRing& ring);
    std::string changed(const ChangeLog& changes);

    Subscription subscription_;
    std::optional<std::uint64_t> told_;  // the picture whose changes were told last
};

}  // namespace vipd
