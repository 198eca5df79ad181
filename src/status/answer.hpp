#pragma once
// What a request leads to: a response, a stream of events, or a command for the control thread.

#include "src/status/command.hpp"
#include "src/status/event_ring.hpp"
#include "src/status/http_message.hpp"

#include <cstdint>
#include <variant>

namespace vipd {

/// Server-sent events until the client goes.
struct Subscription {
    EventFilter filter;
    /// Events with a greater id are sent.
    std::uint64_t after = 0;
    /// Also tell which services have changed, for a page that shows them.
    bool changes = false;
};

using Answer = std::variant<HttpResponse, Subscription, Command>;

}  // namespace vipd
