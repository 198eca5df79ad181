#include "bgp/framer.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

const std::string marker(32, 'f');

/// What the framer says when it is fed exactly these bytes: "more", a message type, or the error.
std::string verdict(const Bytes& data) {
    Framer framer;
    framer.feed(data);
    const auto frame = framer.next();
    if (!frame) return "more";
    if (!*frame) return error_of(*frame) + (frame->error().answer ? "" : " (silent)");
    return std::string(to_string((*frame)->type));
}

std::string verdict_of_header(std::string_view length_and_type) {
    return verdict(bytes(marker + std::string(length_and_type)));
}

}  // namespace

TEST_CASE("whole messages come out one after the other") {
    Framer framer;
    framer.feed(encode_keepalive() + framed(MessageType::notification, bytes("0602")) +
                encode_keepalive());
    CHECK((*framer.next())->type == MessageType::keepalive);
    const auto second = framer.next();
    CHECK((*second)->type == MessageType::notification);
    CHECK(hex((*second)->body) == "0602");
    CHECK((*framer.next())->type == MessageType::keepalive);
    CHECK_FALSE(framer.next().has_value());
    CHECK(framer.buffered() == 0);
}

TEST_CASE("a message in single bytes is the same message") {
    const auto message = framed(MessageType::update, bytes("0000 0000"));
    Framer framer;
    for (std::size_t i = 0; i + 1 < message.size(); ++i) {
        framer.feed(std::span(message).subspan(i, 1));
        REQUIRE_FALSE(framer.next().has_value());
    }
    framer.feed(std::span(message).last(1));
    CHECK(hex((*framer.next())->body) == "00000000");
}

TEST_CASE("a wrong marker is found at its first wrong byte") {
    CHECK(verdict(bytes("ffff00")) == "1/1 Message Header Error, Connection Not Synchronized");
    CHECK(verdict(bytes("00")) == "1/1 Message Header Error, Connection Not Synchronized");
    CHECK(verdict(bytes("ffffff")) == "more");
}

TEST_CASE("a header is judged before its body is waited for") {
    CHECK(verdict_of_header("0012 04") ==
          "1/2 Message Header Error, Bad Message Length: data 0012");
    CHECK(verdict_of_header("ffff 02") ==
          "1/2 Message Header Error, Bad Message Length: data ffff");
    CHECK(verdict_of_header("1001 02") ==
          "1/2 Message Header Error, Bad Message Length: data 1001");
    CHECK(verdict_of_header("0013 00") == "1/3 Message Header Error, Bad Message Type: data 00");
    CHECK(verdict_of_header("0013 06") == "1/3 Message Header Error, Bad Message Type: data 06");
    CHECK(verdict_of_header("0013 ff") == "1/3 Message Header Error, Bad Message Type: data ff");
    CHECK(verdict_of_header("1000 02") == "more");
}

TEST_CASE("each type has its own least and greatest length") {
    CHECK(verdict_of_header("001c 01") ==
          "1/2 Message Header Error, Bad Message Length: data 001c");
    CHECK(verdict_of_header("001d 01") == "more");
    CHECK(verdict_of_header("0016 02") ==
          "1/2 Message Header Error, Bad Message Length: data 0016");
    CHECK(verdict_of_header("0017 02") == "more");
    CHECK(verdict_of_header("0013 04") == "keepalive");
    CHECK(verdict_of_header("0014 04") ==
          "1/2 Message Header Error, Bad Message Length: data 0014");
    CHECK(verdict_of_header("0016 05") ==
          "1/2 Message Header Error, Bad Message Length: data 0016");
    CHECK(verdict_of_header("0017 05") == "more");
    CHECK(verdict_of_header("0018 05") ==
          "1/2 Message Header Error, Bad Message Length: data 0018");
}

TEST_CASE("a NOTIFICATION that is too short is not answered") {
    CHECK(verdict_of_header("0014 03") ==
          "1/2 Message Header Error, Bad Message Length: data 0014 (silent)");
    CHECK(verdict_of_header("0015 03") == "more");
}

TEST_CASE("never more than one unfinished message is kept") {
    Framer framer;
    const auto largest = framed(MessageType::update, Bytes(largest_message - header_size, 0));
    for (int i = 0; i < 100; ++i) {
        framer.feed(largest);
        REQUIRE(framer.next().has_value());
        framer.feed(std::span(largest).first(100));
        REQUIRE_FALSE(framer.next().has_value());
        framer.feed(std::span(largest).subspan(100));
        REQUIRE(framer.next().has_value());
        REQUIRE(framer.buffered() == 0);
    }
}
