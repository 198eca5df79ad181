#include "src/status/event_stream.hpp"

#include "test/unit/status/example_snapshot.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

namespace {

Event event(std::uint64_t id) {
    return {id, std::nullopt, {}, "server-down", "text/cp" + std::to_string(id), ""};
}

void fill(EventRing& ring, std::uint64_t first, std::uint64_t last) {
    for (auto id = first; id <= last; ++id)
        ring.add(event(id));
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Subscription after(std::uint64_t id) {
    Subscription subscription;
    subscription.after = id;
    return subscription;
}

std::shared_ptr<const Snapshot> share(Snapshot snapshot) {
    return std::make_shared<const Snapshot>(std::move(snapshot));
}

}  // namespace

TEST_CASE("a stream tells what is new, once") {
    EventRing ring;
    fill(ring, 1, 3);
    EventStream stream(after(1));
    const auto text = stream.next(ring, nullptr);
    CHECK_FALSE(says(text, "id: 1\n"));
    CHECK(says(text, "id: 2\n"));
    CHECK(says(text, "id: 3\n"));
    CHECK(stream.next(ring, nullptr).empty());
}

TEST_CASE("a stream that was far behind catches up in parts") {
    EventRing ring;
    fill(ring, 1, 250);
    EventStream stream(after(0));
    CHECK(says(stream.next(ring, nullptr), "id: 100\n"));
    CHECK(says(stream.next(ring, nullptr), "id: 200\n"));
    CHECK(says(stream.next(ring, nullptr), "id: 250\n"));
    CHECK(stream.next(ring, nullptr).empty());
}

TEST_CASE("events that were forgotten before a reader got them are said to be missed") {
    EventRing ring(10);
    fill(ring, 1, 30);
    EventStream stream(after(5));
    const auto text = stream.next(ring, nullptr);
    CHECK(text.starts_with("event: missed\ndata: {\"first\":21}\n\nid: 21\n"));
}

TEST_CASE("a reader who remembers ids of an earlier run gets the new run from its start") {
    EventRing ring;
    fill(ring, 1, 2);
    EventStream stream(after(9000));
    const auto text = stream.next(ring, nullptr);
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
    CHECK(says(stream.next(ring, nullptr), "id: 4\n"));
    CHECK(stream.next(ring, nullptr).empty());
}

TEST_CASE("a page is told all at first, then the services that changed") {
    EventRing ring;
    auto subscription = after(0);
    subscription.changes = true;
    EventStream stream(subscription);
    const auto first = large_snapshot(5, 1);
    CHECK(says(stream.next(ring, share(first)), R"({"all":true,"services":[]})"));

    auto second = first;
    second.services["service-0002"] =
        std::make_shared<const ServiceView>(*second.services["service-0002"]);
    second.services.erase("service-0004");
    second.services["service-0009"] = second.services["service-0001"];
    const auto now = share(second);
    CHECK(says(stream.next(ring, now),
               R"({"all":false,"services":["service-0002","service-0004","service-0009"]})"));
    CHECK(stream.next(ring, now).empty());
}

TEST_CASE("too many changes at once are told as all") {
    EventRing ring;
    auto subscription = after(0);
    subscription.changes = true;
    EventStream stream(subscription);
    CHECK(says(stream.next(ring, share(large_snapshot(300, 1))), "\"all\":true"));
    CHECK(says(stream.next(ring, share(large_snapshot(300, 1))), "\"all\":true"));
}
