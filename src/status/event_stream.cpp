#include "src/status/event_stream.hpp"

#include "src/status/event_json.hpp"
#include "src/status/json_writer.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

constexpr std::size_t most_events = 100;
/// More changes than this are told as "all": the reader then asks for everything once.
constexpr std::size_t most_names = 200;

}  // namespace

std::vector<std::string> changed_services(const Snapshot& before, const Snapshot& now) {
    std::vector<std::string> names;
    auto old = before.services.begin();
    auto current = now.services.begin();
    while (old != before.services.end() || current != now.services.end()) {
        if (old == before.services.end()) {
            names.push_back((current++)->first);
        } else if (current == now.services.end() || old->first < current->first) {
            names.push_back((old++)->first);
        } else if (current->first < old->first) {
            names.push_back((current++)->first);
        } else {
            if (old->second != current->second) names.push_back(current->first);
            ++old;
            ++current;
        }
    }
    return names;
}

std::string EventStream::next(const EventRing& ring,
                              const std::shared_ptr<const Snapshot>& snapshot) {
    auto text = missed(ring);
    const auto events = ring.next(subscription_.after, subscription_.filter, most_events);
    for (const auto* event : events)
        text += event_stream_text(*event);
    subscription_.after = events.size() < most_events ? ring.last_id() : events.back()->id;
    if (subscription_.changes) text += changed(snapshot);
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

std::string EventStream::changed(const std::shared_ptr<const Snapshot>& snapshot) {
    if (snapshot == told_) return "";
    const auto names = told_ ? changed_services(*told_, *snapshot) : std::vector<std::string>();
    const bool all = !told_ || names.size() > most_names;
    told_ = snapshot;
    JsonWriter json;
    json.begin_object();
    json.member("all", all);
    json.key("services");
    json.begin_array();
    if (!all) {
        for (const auto& name : names)
            json.value(name);
    }
    json.end_array();
    json.end_object();
    return fmt::format("event: changed\ndata: {}\n\n", json.take());
}

}  // namespace vipd
