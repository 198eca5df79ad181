#include "src/status/client/event_reader.hpp"

#include <utility>

namespace vipd {

std::vector<ServerSentEvent> EventReader::feed(std::string_view bytes) {
    rest_ += bytes;
    std::vector<ServerSentEvent> complete;
    std::size_t start = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', start)) {
        take_line(std::string_view(rest_).substr(start, end - start), complete);
        start = end + 1;
    }
    rest_.erase(0, start);
    return complete;
}

void EventReader::take_line(std::string_view line, std::vector<ServerSentEvent>& complete) {
    if (line.empty()) {
        auto event = std::exchange(event_, {});
        if (!event.data.empty()) complete.push_back(std::move(event));
        return;
    }
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) return;
    const auto field = line.substr(0, colon);
    const auto value = line.substr(colon + 2);
    if (field == "id") event_.id = value;
    if (field == "event") event_.name = value;
    if (field == "data") event_.data += value;
}

}  // namespace vipd
