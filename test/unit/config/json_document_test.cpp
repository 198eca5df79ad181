#include "src/config/json_document.hpp"

#include <catch2/catch.hpp>

#include <string>

using vipd::JsonValue;
using vipd::LineIndex;
using vipd::read_json;

namespace {

std::string place(const std::string& text, vipd::SourcePosition position) {
    const auto at = LineIndex(text).locate(position.offset);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
}

// "line:column pointer: found | accepted"
std::string only_problem(const std::string& text) {
    const auto reading = read_json(text);
    REQUIRE(reading.problems.size() == 1);
    const auto& problem = reading.problems.front();
    return place(text, problem.position) + " " + problem.pointer + ": " + problem.found + " | " +
           problem.accepted;
}

}  // namespace

TEST_CASE("values know where they start, whatever stands before them") {
    const std::string text =
        "// comment: {,\n{ \"a\" : 1 ,/* \"x\": */\n  \"b\":[10//c\n,-2.5e3, "
        "\"\\u00e4\",true,null, {}]\n}";
    const auto reading = read_json(text);
    REQUIRE(reading.complete);
    CHECK(reading.problems.empty());

    const auto& root = reading.root;
    CHECK(place(text, root.position) == "2:1");
    CHECK(place(text, root.find("a")->position) == "2:3");
    CHECK(place(text, root.find("a")->value.position) == "2:9");
    CHECK(place(text, root.find("b")->position) == "3:3");

    const auto& elements = root.find("b")->value.elements;
    REQUIRE(elements.size() == 6);
    CHECK(elements[0].text == "10");
    CHECK(place(text, elements[0].position) == "3:8");
    CHECK(elements[1].text == "-2.5e3");
    CHECK(place(text, elements[1].position) == "4:2");
    CHECK(elements[2].text == "ä");
    CHECK(place(text, elements[2].position) == "4:10");
    CHECK(place(text, elements[3].position) == "4:19");
    CHECK(elements[3].boolean);
    CHECK(place(text, elements[4].position) == "4:24");
    CHECK(place(text, elements[5].position) == "4:30");
}

TEST_CASE("numbers keep their text, to the end of the document too") {
    CHECK(read_json("0.50").root.text == "0.50");
    CHECK(read_json("[1.000000000000000000001]").root.elements[0].text ==
          "1.000000000000000000001");
    CHECK(read_json("123456789012345678901234567890").root.text ==
          "123456789012345678901234567890");
}

TEST_CASE("a byte order mark is no obstacle") {
    const auto reading = read_json("\xef\xbb\xbf{}");
    CHECK(reading.complete);
    CHECK(reading.root.position.offset == 3);
}

TEST_CASE("a duplicate key is reported where it stands, and its first value counts") {
    const std::string text = "{\"a\": 1,\n \"b\": [{}, {\"x~/\": 1, \"x~/\": 2}],\n \"a\": 2}";
    const auto reading = read_json(text);
    REQUIRE(reading.complete);
    REQUIRE(reading.problems.size() == 2);
    CHECK(reading.problems[0].pointer == "/b/1/x~0~1");
    CHECK(reading.problems[0].accepted == "each key once (first at 2:13)");
    CHECK(place(text, reading.problems[1].position) == "3:2");
    CHECK(reading.problems[1].found == "the key \"a\" a second time");
    CHECK(reading.root.members.size() == 2);
    CHECK(reading.root.find("a")->value.text == "1");
}

TEST_CASE("a syntax error says where, what and what else") {
    CHECK(only_problem("{\"a\": 1,\n\"b\" 2}") ==
          "2:6 /b: in object separator - unexpected number literal | ':'");
    CHECK(only_problem("[1, 2") == "1:5 /2: in array - unexpected end of input | ']'");
    CHECK(only_problem("") == "1:1 : in value - unexpected end of input | '[', '{', or a literal");
}

TEST_CASE("text that is no JSON is one problem") {
    using namespace std::string_literals;
    for (const auto& text :
         {"{"s,        "{]"s,           "{\"a\":}"s, "[1,]"s,     "{}{}"s,        "nul"s,
          "01"s,       "1e999"s,        "-"s,        "\"\x01\""s, "\"\\x\""s,     "\"\\ud800\""s,
          "\"\xff\""s, "\"\xc0\xaf\""s, "/*"s,       "{} /"s,     "{} x"s,        "'a'"s,
          "NaN"s,      "\"a"s,          "{}\0"s,     "\0"s,       "{\"a\0\": 1}"s}) {
        CAPTURE(text);
        const auto reading = read_json(text);
        CHECK_FALSE(reading.complete);
        CHECK(reading.problems.size() == 1);
    }
}

TEST_CASE("nesting is bounded") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(read_json(nested(vipd::json_max_depth)).complete);
    const auto reading = read_json(nested(vipd::json_max_depth + 1));
    CHECK_FALSE(reading.complete);
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].accepted == "at most 32 levels");
    CHECK_FALSE(read_json(std::string(1'000'000, '[')).complete);
}

TEST_CASE("size is bounded") {
    const auto reading = read_json(std::string(vipd::json_max_bytes + 1, ' '));
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].accepted == "at most 67108864 bytes");
}

TEST_CASE("a document cut at any byte is a problem and never complete") {
    const std::string text = R"({"a": [1, 2.5, "x\n", true, null], /* c */ "b": {"c": -1}} )";
    for (std::size_t length = 0; length + 2 < text.size(); ++length) {
        CAPTURE(length);
        const auto reading = read_json(text.substr(0, length));
        CHECK_FALSE(reading.complete);
        CHECK(reading.problems.size() == 1);
    }
    CHECK(read_json(text).complete);
}

TEST_CASE("a value is described shortly and printably") {
    CHECK(read_json(R"("a\"b\n")").root.summary() == R"("a\"b\u000a")");
    CHECK(read_json("[]").root.summary() == "an empty array");
    CHECK(read_json("{\"a\":1}").root.summary() == "an object");
    CHECK(vipd::in_quotes("aaaä", 4) == "\"aaa\"...");
    CHECK(vipd::in_quotes("aaaäb", 5) == "\"aaaä\"...");
    CHECK(vipd::in_quotes("ab", 2) == "\"ab\"");
}
