#include "bgp/output_queue.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

OutputQueue::Item advertising(std::string_view prefix) {
    return {MessageType::update, {host(prefix)}, {}, std::nullopt};
}

}  // namespace

TEST_CASE("a message counts as written when its last byte is out") {
    OutputQueue queue;
    queue.push(bytes("010203"), advertising("192.0.2.1"));
    queue.push(bytes("0405"), advertising("192.0.2.2"));
    CHECK(hex(queue.bytes()) == "0102030405");
    CHECK(queue.written(2).empty());
    CHECK(hex(queue.bytes()) == "030405");
    const auto first = queue.written(1);
    REQUIRE(first.size() == 1);
    CHECK(first[0].advertised == std::vector{host("192.0.2.1")});
    CHECK(queue.written(2).size() == 1);
    CHECK(queue.empty());
    CHECK(queue.bytes().empty());
}

TEST_CASE("dropping what has not begun keeps the message that has") {
    OutputQueue queue;
    queue.push(bytes("010203"), {});
    queue.push(bytes("0405"), {});
    queue.push(bytes("06"), {});
    queue.written(1);
    queue.drop_unstarted();
    CHECK(hex(queue.bytes()) == "0203");
}

TEST_CASE("dropping at a message boundary leaves nothing") {
    OutputQueue queue;
    queue.push(bytes("010203"), {});
    queue.push(bytes("0405"), {});
    queue.written(3);
    queue.drop_unstarted();
    CHECK(queue.empty());
    queue.push(bytes("07"), {});
    CHECK(hex(queue.bytes()) == "07");
}
