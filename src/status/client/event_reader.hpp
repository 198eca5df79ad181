#pragma once
// Takes server-sent events (WHATWG HTML §9.2.6) out of the bytes they come in. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace vipd {

struct ServerSentEvent {
    std::string id;
    std::string name;
    std::string data;

    bool operator==(const ServerSentEvent&) const = default;
};

class EventReader {
public:
    /// The events that these bytes complete.
    std::vector<ServerSentEvent> feed(std::string_view bytes);

private:
    void take_line(std::string_view line, std::vector<ServerSentEvent>& complete);

    std::string rest_;  // a line without its end
    ServerSentEvent event_;
};

}  // namespace vipd
