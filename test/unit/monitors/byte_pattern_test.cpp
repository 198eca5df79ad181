#include "monitors/byte_pattern.hpp"

#include <catch2/catch.hpp>

using namespace vipd::monitors;

TEST_CASE("a hex pattern matches half bytes") {
    const auto pattern = BytePattern::parse_hex("48 6? ??6C");
    REQUIRE(pattern);
    CHECK(pattern->size() == 4);
    CHECK(pattern->begins("Hello"));
    CHECK(pattern->begins("Hixl"));
    CHECK_FALSE(pattern->begins("Hel"));
    CHECK(pattern->may_begin("Hel"));
    CHECK_FALSE(pattern->may_begin("HE"));
    CHECK(pattern->to_string() == "48 6? ?? 6c");
}

TEST_CASE("bytes above 0x7f match themselves") {
    CHECK(BytePattern::parse_hex("ff f?")->begins("\xff\xf1"));
    CHECK_FALSE(BytePattern::parse_hex("ff")->begins("\x7f"));
    CHECK(BytePattern::literal("\xe4").is_in("B\xe4r"));
}

TEST_CASE("a pattern is found anywhere") {
    const auto pattern = BytePattern::literal("ok");
    CHECK(pattern.is_in("it is ok"));
    CHECK(pattern.is_in("ok"));
    CHECK_FALSE(pattern.is_in("o k"));
    CHECK_FALSE(pattern.is_in(""));
    CHECK(pattern.to_string() == "\"ok\"");
}

TEST_CASE("the empty pattern matches everything") {
    CHECK(BytePattern().empty());
    CHECK(BytePattern().begins(""));
    CHECK(BytePattern().is_in(""));
    CHECK(BytePattern::parse_hex("")->empty());
}

TEST_CASE("what is not hex gives nothing") {
    for (const auto* text : {"4", "4 8", "4g", "0x48", "48,49", "?"}) {
        CAPTURE(text);
        CHECK_FALSE(BytePattern::parse_hex(text));
    }
}
