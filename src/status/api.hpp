#pragma once
// Which request gets which answer. Pure: the same request and state give the same answer, whether
// it was kept or is made.

#include "src/status/answer.hpp"
#include "src/status/event_ring.hpp"
#include "src/status/http_message.hpp"
#include "src/status/readiness.hpp"
#include "src/status/snapshot.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// Answers made from one snapshot, by what was asked: a thousand pages that ask the same cost one
/// rendering. What can be asked in any number of ways is not kept, so this stays small.
using KeptAnswers = std::map<std::string, HttpResponse>;

/// What answers are made from.
struct ApiState {
    /// Absent until the first one is published.
    const Snapshot* snapshot = nullptr;
    /// Names the snapshot, for ETag; with the quotes.
    std::string etag;
    std::vector<ThreadProgress> threads;
    TimePoint now;
    const EventRing* events = nullptr;
    /// Absent: none are kept.
    KeptAnswers* kept = nullptr;
    /// Somebody is there to carry out commands.
    bool takes_commands = false;
};

Answer answer(const HttpRequest& request, const ApiState& state);

/// Lists that everybody may ask for in his own way, and what other threads are asked for: never
/// kept. Whoever answers should not let them crowd out the rest.
bool is_dear(const HttpRequest& request);

/// To whom there are too many before.
HttpResponse busy_response();

/// Method and path of everything that is answered; "{}" stands for a name.
std::vector<std::pair<std::string, std::string>> api_paths();

}  // namespace vipd
