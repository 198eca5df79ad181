#include "monitors/text_matcher.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace vipd::monitors;

TEST_CASE("an expression that RE2 does not take is explained") {
    CHECK_FALSE(regex_problem("^ok(ay)?$"));
    CHECK(regex_problem("(") == "missing ): (");
    CHECK(regex_problem(R"((a)\1)"));
}

TEST_CASE("expressions work on bytes, valid UTF-8 or not") {
    const TextMatcher matcher({.kind = TextRule::Kind::regex, .text = "a.b"});
    CHECK(
        matcher.holds("xa\xff"
                      "bx"));
    CHECK_FALSE(matcher.holds("ab"));
}

TEST_CASE("an expression made to backtrack for ever takes linear time") {
    const TextMatcher matcher({.kind = TextRule::Kind::regex, .text = "(a*)*(a*)*b"});
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(matcher.holds(std::string(100000, 'a')));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
}

TEST_CASE("a rule says what it accepts") {
    using Kind = TextRule::Kind;
    CHECK(TextMatcher({.kind = Kind::contains, .text = "x"}).to_string() == "contains \"x\"");
    CHECK(TextMatcher({.kind = Kind::contains, .text = "x", .negated = true}).to_string() ==
          "does not contain \"x\"");
    CHECK(TextMatcher({.kind = Kind::regex, .text = "x+"}).to_string() == "matches /x+/");
    CHECK(TextMatcher({.kind = Kind::sha256, .text = "00"}).to_string() == "has the SHA-256 00");
}
