#include "src/config/server_list.hpp"

#include "src/config/python_literal.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace vipd;
using Lines = std::vector<std::string>;

namespace {

struct ListReading {
    ServerList servers;
    Lines problems;
};

ListReading read_list(const std::string& text, bool json) {
    Problems problems;
    ListReading reading;
    reading.servers = read_server_list(text, json, 0, problems);
    for (const auto& problem :
         std::move(problems).finish({{.name = "f", .lines = LineIndex(text)}})) {
        reading.problems.push_back(problem.to_string());
    }
    return reading;
}

}  // namespace

TEST_CASE("PyBal's JSON form is read with its defaults") {
    const auto [servers, problems] = read_list(R"({
        "cp1": {"address": ["10.0.0.11", "2001:db8::11"], "weight": 0, "enabled": false},
        "10.0.0.12": {}, "2001:db8::13": {"weight": 3} // comments too
    })",
                                               true);
    CHECK(problems == Lines{});
    REQUIRE(servers.size() == 3);
    CHECK(servers.at("cp1").addresses.size() == 2);
    CHECK(servers.at("cp1").weight == 0);
    CHECK(servers.at("cp1").state == Admin::disabled);
    CHECK(servers.at("10.0.0.12").addresses == std::vector{*Address::parse("10.0.0.12")});
    CHECK(servers.at("10.0.0.12").weight == 10);
    CHECK(servers.at("10.0.0.12").state == Admin::enabled);
    CHECK(servers.at("2001:db8::13").weight == 3);
}

TEST_CASE("PyBal's text form is read line by line") {
    const auto [servers, problems] = read_list(
        "# the pool\n"
        "\n"
        "{'host': '10.0.0.11', 'weight': 10, 'enabled': True}\n"
        "  { \"host\":\"10.0.0.12\",\"weight\":1,'enabled':False, }  # old\r\n"
        "{'enabled': True, 'weight': 5, 'host': 'cp3', 'address': '10.0.0.13'}",
        false);
    CHECK(problems == Lines{});
    REQUIRE(servers.size() == 3);
    CHECK(servers.at("10.0.0.11").weight == 10);
    CHECK(servers.at("10.0.0.12").state == Admin::disabled);
    CHECK(servers.at("cp3").addresses == std::vector{*Address::parse("10.0.0.13")});
}

TEST_CASE("one bad entry makes a JSON list useless, with its place") {
    using Case = std::pair<std::string, std::string>;
    for (const auto& [text, line] : std::vector<Case>{
             {"{}", "f:1:1: found no server, expected at least one server"},
             {"[]", "f:1:1: found an empty array, expected an object of servers"},
             {"{", "f:1:1: found in object key - unexpected end of input, expected string literal"},
             {R"({"10.0.0.1": 5})", "f:1:14 /10.0.0.1: found 5, expected an object"},
             {R"({"10.0.0.300": {}})",
              "f:1:16 /10.0.0.300: found the name \"10.0.0.300\", expected an IP address or a host "
              "name, or an \"address\" beside it"},
             {R"({"cp1": {"address": ["10.0.0.1", "a.example"]}})",
              "f:1:34 /cp1/address/1: found \"a.example\", expected an IP address (host names are "
              "not accepted)"},
             {R"({"10.0.0.1": {"weight": "7"}})",
              "f:1:25 /10.0.0.1/weight: found \"7\", expected a weight from 0 to 65535"},
             {R"({"10.0.0.1": {"weight": 2.5}})",
              "f:1:25 /10.0.0.1/weight: found 2.5, expected a weight from 0 to 65535"},
             {R"({"10.0.0.1": {"enabled": "no"}})",
              "f:1:26 /10.0.0.1/enabled: found \"no\", expected true or false"},
             {R"({"10.0.0.1": {"wieght": 7}})",
              "f:1:15 /10.0.0.1/wieght: found the unknown key \"wieght\", expected \"weight\" (did "
              "you mean it?) or "
              "another one of weight, enabled, address"},
             {R"({"10.0.0.1": {}, "10.0.0.1": {}})",
              "f:1:18 /10.0.0.1: found the key \"10.0.0.1\" a second time, expected each key once "
              "(first at 1:2)"},
         }) {
        CAPTURE(text);
        CHECK(read_list(text, true).problems == Lines{line});
    }
}

TEST_CASE("one bad line makes a text list useless, with its place") {
    using Case = std::pair<std::string, std::string>;
    const std::string good = "{'host': '10.0.0.1', 'weight': 1, 'enabled': True}\n";
    const std::string form = ", expected {'host': '10.0.0.11', 'weight': 10, 'enabled': True}";
    for (const auto& [text, line] : std::vector<Case>{
             {"", "f:1:1: found no server, expected at least one server"},
             {"# nothing\n", "f:1:1: found no server, expected at least one server"},
             {good + " 10.0.0.2\n", "f:2:2: found the line \"10.0.0.2\"" + form},
             {good + "{'host': '10.0.0.2'}",
              "f:2:1 /enabled: found nothing, expected all of 'host', 'weight' and "
              "'enabled'"},
             {good + "{'host': cp1}", "f:2:1: found the line \"{'host': cp1}\"" + form},
             {good + "{'host': '10.0.0.2', 'weight': 1, 'enabled': true}",
              "f:2:1: found the line \"{'host': '10.0.0.2', 'weight': 1, 'enabled': true}\"" +
                  form},
             {good + good,
              "f:2:1: found the host \"10.0.0.1\" a second time, expected each host once"},
             {good + "{'host': '10.0.0.2', 'weight': -1, 'enabled': True}",
              "f:2:32 /weight: found -1, expected a weight from 0 to 65535"},
             {good + "{'host': '10.0.0.2', 'weight': 1, 'enabled': 1}",
              "f:2:46 /enabled: found 1, expected true or false"},
         }) {
        CAPTURE(text);
        const auto problems = read_list(text, false).problems;
        REQUIRE_FALSE(problems.empty());
        CHECK(problems.front() == line);
    }
}

TEST_CASE("the name of a file tells its form") {
    CHECK(is_json_list("pools/upload.json"));
    CHECK_FALSE(is_json_list("pools/upload"));
    CHECK_FALSE(is_json_list("upload.json.bak"));
}

TEST_CASE("a Python dict is read and nothing else is") {
    CHECK(parse_python_dict("{}", {})->members.empty());
    CHECK(parse_python_dict("{'a': 'x', \"b\": 2,}", {})->members.size() == 2);
    for (const auto* text : {"", "{", "{'a'}", "{'a':}", "{'a': 1 'b': 2}", "{'a': 1} x", "{,}",
                             "{'a': [1]}", "{a: 1}", "{'a': 'x\\n'}", "{'a': 1, 'a': 2}",
                             "{'a': None}", "{'a': 'x}", "dict()", "{'a': {}}"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_python_dict(text, {}));
    }
}

TEST_CASE("a damaged list is never a shorter list") {
    const std::string text =
        "{'host': '10.0.0.1', 'weight': 1, 'enabled': True}\n"
        "{'host': '10.0.0.2', 'weight': 1, 'enabled': True}\n";
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto reading = read_list(text.substr(0, length), false);
        CAPTURE(length);
        // Cut exactly between lines nobody can tell; anywhere else the list is refused.
        const bool between = length == 50 || length == 51 || length == 101;
        CHECK(reading.problems.empty() == between);
    }
    std::mt19937 random(4711);
    for (int round = 0; round < 2000; ++round) {
        auto damaged = text;
        damaged[random() % damaged.size()] = static_cast<char>(random() & 0xffU);
        const auto reading = read_list(damaged, false);
        // A comment sign at a line's start is the one byte that takes a server away without a
        // trace.
        if (reading.problems.empty() && damaged[0] != '#' && damaged[51] != '#')
            CHECK(reading.servers.size() == 2);
        read_list(damaged, true);
    }
}
