#include "src/config/duration.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using vipd::duration_text;
using vipd::parse_duration;

TEST_CASE("a duration is a whole number and a unit") {
    CHECK(parse_duration("300ms") == 300ms);
    CHECK(parse_duration("9s") == 9s);
    CHECK(parse_duration("5m") == 5min);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("0s") == 0s);
    CHECK(parse_duration("100000h") == 100000h);
}

TEST_CASE("what is not a duration gives nothing") {
    for (const auto* text :
         {"", "9", "s", "-1s", "+1s", "1.5s", "9 s", "9S", "9sec", "1d", "100001h", "360000001s",
          "18446744073709551615ms", "99999999999999999999999s", "9s "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
}

TEST_CASE("a duration is written in the largest exact unit and reads back") {
    CHECK(duration_text(9000ms) == "9s");
    CHECK(duration_text(1500ms) == "1500ms");
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(duration_text(0s) == "0s");
    for (const auto duration : {1ms, 999ms, 1000ms, 60'000ms, 61'000ms, 3'600'000ms}) {
        CHECK(parse_duration(duration_text(duration)) == duration);
    }
}
