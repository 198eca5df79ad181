#pragma once
// Events as JSON, and as server-sent events (WHATWG HTML §9.2).

#include "src/status/snapshot.hpp"

#include <string>
#include <vector>

namespace vipd {

/// GET /v1/events
std::string events_json(const std::vector<const Event*>& events);

/// "id: 7\ndata: {…}\n\n"
std::string event_stream_text(const Event& event);

}  // namespace vipd
