#pragma once
// What one reader of server-sent events has still to be told. Level-triggered: it remembers what
// was said, not what is to be said, so a slow reader costs no memory however much happens.

#include "src/status/answer.hpp"
#include "src/status/event_ring.hpp"
#include "src/status/snapshot.hpp"

#include <memory>
#include <string>

namespace vipd {

class EventStream {
public:
    explicit EventStream(Subscription subscription) : subscription_(std::move(subscription)) {}

    /// The next part, at most a hundred events; empty when all has been said.
    std::string next(const EventRing& ring, const std::shared_ptr<const Snapshot>& snapshot);

private:
    std::string missed(const EventRing& ring);
    std::string changed(const std::shared_ptr<const Snapshot>& snapshot);

    Subscription subscription_;
    std::shared_ptr<const Snapshot> told_;
};

/// Names of services that are in one picture and not, or not the same, in the other. Compares what
/// the pictures share, not what is in it.
std::vector<std::string> changed_services(const Snapshot& before, const Snapshot& now);

}  // namespace vipd
