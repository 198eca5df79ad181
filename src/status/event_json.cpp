#include "src/status/event_json.hpp"

#include "src/base/json_writer.hpp"
#include "src/status/wall_time.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

void write(JsonWriter& json, const Event& event) {
    json.begin_object();
    json.member("id", event.id);
    json.member("cause", event.cause);
    json.member("at", iso_time(event.at));
    json.member("code", event.code);
    json.member("subject", event.subject);
    json.member("text", event.text);
    json.end_object();
}

}  // namespace

std::string events_json(const std::vector<const Event*>& events) {
    JsonWriter json;
    json.begin_object();
    json.key("events");
    json.begin_array();
    for (const auto* event : events)
        write(json, *event);
    json.end_array();
    json.end_object();
    return json.take() + "\n";
}

std::string event_stream_text(const Event& event) {
    JsonWriter json;
    write(json, event);
    // JSON escapes line ends, so the data is one line whatever the text contains. No "event" field:
    // a browser would hand the event only to those who know its code.
    return fmt::format("id: {}\ndata: {}\n\n", event.id, json.take());
}

}  // namespace vipd
