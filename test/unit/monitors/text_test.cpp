#include "monitors/text.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace vipd::monitors;

TEST_CASE("what a server sent is quoted so that a log stays readable") {
    CHECK(vipd::monitors::quoted("SSH-2.0-OpenSSH") == "\"SSH-2.0-OpenSSH\"");
    CHECK(vipd::monitors::quoted("a\r\n\x1b[2J\"\\") == R"("a\x0d\x0a\x1b[2J\x22\x5c")");
    CHECK(vipd::monitors::quoted(std::string_view("\0\xff", 2)) == R"("\x00\xff")");
    CHECK(vipd::monitors::quoted(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "\"…");
}

TEST_CASE("a duration reads as it is written in the configuration") {
    CHECK(duration_text(2s) == "2s");
    CHECK(duration_text(1500ms) == "1.5s");
    CHECK(duration_text(300ms) == "300ms");
    CHECK(duration_text(1050us) == "1.05ms");
    CHECK(duration_text(3us) == "3us");
    CHECK(duration_text(0s) == "0us");
}
