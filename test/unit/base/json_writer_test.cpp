#include "src/base/json_writer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;
using namespace std::string_literals;

namespace {

std::string written(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("strings come back from a JSON parser as they went in") {
    for (const auto& text : {""s, "plain"s, "\"quoted\" \\ back"s, "line\nend\ttab\r"s, "nul\0in"s,
                             "\x01\x1f\x7f"s, "Zürich → 東京 😀"s, "</script><b>"s}) {
        CHECK(nlohmann::json::parse(written(text)).get<std::string>() == text);
    }
}

TEST_CASE("bytes that are not UTF-8 are replaced, one character each") {
    CHECK(written("a\xff"
                  "b") == "\"a\\ufffdb\"");
    CHECK(written("\xc3") == "\"\\ufffd\"");  // truncated
    CHECK(written("\xc0\xaf") == "\"\\ufffd\\ufffd\"");  // overlong
    CHECK(written("\xed\xa0\x80") == "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
    CHECK(written("\xf4\x90\x80\x80") == "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    CHECK(written("\xe0\x80\x80") == "\"\\ufffd\\ufffd\\ufffd\"");
    CHECK(written("\xf0\x80\x80\x80") == "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST_CASE("objects and arrays are separated by commas wherever they are nested") {
    JsonWriter json;
    json.begin_object();
    json.member("number", -7);
    json.member("flag", true);
    json.key("list");
    json.begin_array();
    json.begin_object();
    json.end_object();
    json.begin_array();
    json.end_array();
    json.null();
    json.value("text");
    json.end_array();
    json.member("absent", std::optional<std::string>());
    json.member("present", std::optional<int>(3));
    json.member("texts", std::vector<std::string>{"a", "b\n"});
    json.member("none", std::vector<std::string>());
    json.end_object();
    CHECK(json.take() ==
          R"({"number":-7,"flag":true,"list":[{},[],null,"text"],"absent":null,"present":3,)"
          R"("texts":["a","b\n"],"none":[]})");
}

TEST_CASE("durations are seconds with three decimals, on both sides of zero") {
    JsonWriter json;
    json.begin_array();
    json.value(std::chrono::milliseconds(12'034));
    json.value(std::chrono::milliseconds(-5));
    json.end_array();
    CHECK(json.take() == "[12.034,-0.005]");
}
