#pragma once
// Which request gets which answer. Pure: the same request and state give the same answer.

#include "src/status/answer.hpp"
#include "src/status/event_ring.hpp"
#include "src/status/http_message.hpp"
#include "src/status/readiness.hpp"
#include "src/status/snapshot.hpp"

#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// What answers are made from.
struct ApiState {
    /// Absent until the first one is published.
    const Snapshot* snapshot = nullptr;
    /// Names the snapshot, for ETag; with the quotes.
    std::string etag;
    std::vector<ThreadProgress> threads;
    TimePoint now;
    const EventRing* events = nullptr;
    /// Somebody is there to carry out commands.
    bool takes_commands = false;
};

Answer answer(const HttpRequest& request, const ApiState& state);

/// Method and path of everything that is answered; "{}" stands for a name.
std::vector<std::pair<std::string, std::string>> api_paths();

}  // namespace vipd
