#include "src/status/event_ring.hpp"

#include "src/status/event_json.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

namespace {

Event event(std::uint64_t id) {
    return {id, std::nullopt, {}, "server-down", "text/cp1", "line\nend"};
}

}  // namespace

TEST_CASE("a full ring forgets the oldest event") {
    EventRing ring(3);
    for (std::uint64_t id = 1; id <= 5; ++id)
        ring.add(event(id));
    CHECK(ring.first_id() == 3);
    CHECK(ring.last_id() == 5);
    CHECK(ring.newest(0, {}, 100).size() == 3);
}

TEST_CASE("a reader who wants all events gets the oldest first, a part at a time") {
    EventRing ring;
    for (std::uint64_t id = 1; id <= 5; ++id)
        ring.add(event(id));
    const auto part = ring.next(1, {}, 2);
    REQUIRE(part.size() == 2);
    CHECK(part[0]->id == 2);
    CHECK(part[1]->id == 3);
    CHECK(ring.next(5, {}, 2).empty());
}

TEST_CASE("an event in a stream is one line of data whatever it says") {
    CHECK(event_stream_text(event(7)) ==
          "id: 7\ndata: "
          "{\"id\":7,\"cause\":null,\"at\":\"1970-01-01T00:00:00.000Z\","
          "\"code\":\"server-down\",\"subject\":\"text/cp1\",\"text\":\"line\\nend\"}\n\n");
}
