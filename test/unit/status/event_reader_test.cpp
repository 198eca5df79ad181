#include "src/status/client/event_reader.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

TEST_CASE("events are read wherever the bytes are cut") {
    const std::string bytes =
        "retry: 2000\n\n:\n\nid: 7\nevent: server-down\ndata: {\"a\": 1}\n\nevent: changed\ndata: "
        "{}\n\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        EventReader reader;
        auto events = reader.feed(bytes.substr(0, cut));
        for (auto& event : reader.feed(bytes.substr(cut)))
            events.push_back(event);
        CHECK(events == std::vector<ServerSentEvent>{{"7", "server-down", "{\"a\": 1}"},
                                                     {"", "changed", "{}"}});
    }
}

TEST_CASE("an event that is not complete is not told") {
    EventReader reader;
    CHECK(reader.feed("id: 7\ndata: {}\n").empty());
    CHECK(reader.feed("\n").size() == 1);
}
