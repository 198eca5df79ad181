#include "src/status/event_stream.hpp"

#include "test/unit/status/example_snapshot.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

namespace {

Event server_down(std::uint64_t id) {
    return {id, std::nullopt, {}, "server-down", "text/cp" + std::to_string(id), ""};
}

void fill(EventRing& ring, std::uint64_t first, std::uint64_t last) {
    for (auto id = first; id <= last; ++id)
        ring.add(server_down(id));
}

Subscription after(std::uint64_t id) {
    Subscription subscription;
    subscription.after = id;
    return subscription;
}

}  // namespace

TEST_CASE("a stream tells what is new, once") {
    EventRing ring;
    fill(ring, 1, 3);
    EventStream stream(after(1));
    const auto text = stream.next(ring, {});
    CHECK_FALSE(says(text, "id: 1\n"));
    CHECK(says(text, "id: 2\n"));
    CHECK(says(text, "id: 3\n"));
    CHECK(stream.next(ring, {}).empty());
}

TEST_CASE("a stream that was far behind catches up in parts") {
    EventRing ring;
    fill(ring, 1, 250);
    EventStream stream(after(0));
    CHECK(says(stream.next(ring, {}), "id: 100\n"));
    CHECK(says(stream.next(ring, {}), "id: 200\n"));
    CHECK(says(stream.next(ring, {}), "id: 250\n"));
    CHECK(stream.next(ring, {}).empty());
}

TEST_CASE("events that were forgotten before a reader got them are said to be missed") {
    EventRing ring(10);
    fill(ring, 1, 30);
    EventStream stream(after(5));
    const auto text = stream.next(ring, {});
    CHECK(text.starts_with("event: missed\ndata: {\"first\":21}\n\nid: 21\n"));
}

TEST_CASE("a reader who remembers ids of an earlier run gets the new run from its start") {
    EventRing ring;
    fill(ring, 1, 2);
    EventStream stream(after(9000));
    const auto text = stream.next(ring, {});
    CHECK(text.starts_with("event: missed\n"));
    CHECK(says(text, "id: 1\n"));
    CHECK(says(text, "id: 2\n"));
}

TEST_CASE("a filter holds back what does not pass, and does not ask again") {
    EventRing ring;
    fill(ring, 1, 5);
    auto subscription = after(0);
    subscription.filter.subject = "cp4";
    EventStream stream(subscription);
    CHECK(says(stream.next(ring, {}), "id: 4\n"));
    CHECK(stream.next(ring, {}).empty());
}

TEST_CASE("a page is told all at first, then the services that changed") {
    EventRing ring;
    ChangeLog changes;
    auto subscription = after(0);
    subscription.changes = true;
    EventStream stream(subscription);
    CHECK(stream.next(ring, changes).empty());
    const auto first = large_snapshot(5, 1);
    changes.note(nullptr, first);
    CHECK(says(stream.next(ring, changes), R"({"all":true,"services":[]})"));

    auto second = first;
    second.services["service-0002"] =
        std::make_shared<const ServiceView>(*second.services["service-0002"]);
    changes.note(&first, second);
    auto third = second;
    third.services.erase("service-0004");
    third.services["service-0009"] = third.services["service-0001"];
    changes.note(&second, third);
    CHECK(says(stream.next(ring, changes),
               R"({"all":false,"services":["service-0002","service-0004","service-0009"]})"));
    CHECK(stream.next(ring, changes).empty());
}

TEST_CASE("too many changes at once are told as all, and so are those of too long ago") {
    ChangeLog changes;
    const auto same = large_snapshot(3, 1);
    changes.note(nullptr, same);
    changes.note(&same, large_snapshot(300, 1));
    CHECK_FALSE(changes.since(1));
    for (int i = 0; i < 64; ++i)
        changes.note(&same, same);
    CHECK(changes.since(2)->empty());
    changes.note(&same, same);
    CHECK_FALSE(changes.since(2));
}
