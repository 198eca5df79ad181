#include "src/status/event_stream.hpp"

#include "src/base/json_writer.hpp"
#include "src/status/event_json.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

constexpr std::size_t most_events = 100;

}  // namespace

std::string EventStream::next(const EventRing& ring, const ChangeLog& changes) {
    auto text = missed(ring);
    const auto events = ring.next(subscription_.after, subscription_.filter, most_events);
    for (const auto* event : events)
        text += event_stream_text(*event);
    subscription_.after = events.size() < most_events ? ring.last_id() : events.back()->id;
    if (subscription_.changes) text += changed(changes);
    return text;
}

/// Says so when events were forgotten before this reader got them, or when ids began anew because
/// the daemon did.
std::string EventStream::missed(const EventRing& ring) {
    const bool began_anew = subscription_.after > ring.last_id();
    const bool forgotten = subscription_.after + 1 < ring.first_id();
    if (!began_anew && !forgotten) return "";
    subscription_.after = ring.first_id() == 0 ? 0 : ring.first_id() - 1;
    return fmt::format("event: missed\ndata: {{\"first\":{}}}\n\n", ring.first_id());
}

std::string EventStream::changed(const ChangeLog& changes) {
    if (changes.latest() == 0 || told_ == changes.latest()) return "";
    const auto names = told_ ? changes.since(*told_) : std::nullopt;
    told_ = changes.latest();
    JsonWriter json;
    json.begin_object();
    json.member("all", !names.has_value());
    json.key("services");
    json.begin_array();
    if (names) {
        for (const auto& name : *names)
            json.value(name);
    }
    json.end_array();
    json.end_object();
    return fmt::format("event: changed\ndata: {}\n\n", json.take());
}

}  // namespace vipd
