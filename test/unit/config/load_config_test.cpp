#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace vipd;
using namespace vipd::test;
using Lines = std::vector<std::string>;

namespace {

Lines lines_of(const std::vector<ConfigProblem>& problems) {
    Lines lines;
    for (const auto& problem : problems)
        lines.push_back(problem.to_string());
    return lines;
}

ConfigReading load(const FileTexts& texts, const FileTexts& last_lists = {}) {
    return load_config("/c/main.json", "lb1", KeptFiles(texts), last_lists);
}

// A main file with one more key.
std::string main_with(const std::string& patch) {
    auto document = smallest();
    document.merge_patch(nlohmann::json::parse(patch));
    return document.dump();
}

const std::string other_vip =
    R"({"vips": {"two": {"addresses": ["203.0.113.20"]}}, "services": {"two": {"vip": "two",
    "port": 80, "servers": {"b": {"address": "10.0.0.2"}}, "monitors": []}}})";

}  // namespace

TEST_CASE("included files merge into one configuration") {
    const auto reading =
        load({{"/c/main.json", main_with(R"({"include": ["conf.d/*.json", "extra/bgp.json"]})")},
              {"/c/conf.d/two.json", other_vip},
              {"/c/conf.d/.hidden.json", "{"},
              {"/c/conf.d/two.json~", "{"},
              {"/c/extra/bgp.json", R"({"bgp": {"local_as": 64601, "router_id": "192.0.2.10"},
                                                         "include": ["peers/*"]})"},
              {"/c/extra/peers/cr1", R"({"bgp": {"peers": {"cr1": {"address": "192.0.2.1",
                                                          "remote_as": 64600, "password_file": "cr1.key"}}}})"}});
    REQUIRE(lines_of(reading.problems) == Lines{});
    CHECK(reading.config.vips.size() == 2);
    CHECK(reading.config.services.size() == 2);
    CHECK(reading.config.bgp->peers.at("cr1").password_file == "/c/extra/peers/cr1.key");
    CHECK(reading.files.size() == 4);
}

TEST_CASE("what was read makes the same configuration again") {
    const auto first =
        load({{"/c/main.json",
               main_with(R"({"include": ["conf.d/*"], "services": {"http": {"servers": "g"}},
                                                           "groups": {"g": {"servers_file": "g.json"}}})")},
              {"/c/conf.d/two.json", other_vip},
              {"/c/g.json", R"({"10.0.0.1": {}})"}});
    REQUIRE(lines_of(first.problems) == Lines{});
    const auto second = load(first.files);
    CHECK(lines_of(second.problems) == Lines{});
    CHECK(second.config == first.config);
}

TEST_CASE("the same key in two files is a problem that names both") {
    CHECK(
        lines_of(load({{"/c/main.json",
                        R"({"version": 1, "include": ["b.json"], "stop": {"gshut_wait": "1s"},
"vips": {"web": {"addresses": ["203.0.113.10"]}}, "services": {"http": {"vip": "web", "port": 80,
"servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})"},
                       {"/c/b.json", R"({"stop": {"withdraw_wait": "2s"},
"vips": {"web": {"interface": "eth0"}}, "version": 1})"}})
                     .problems) ==
        Lines{
            R"(/c/b.json:2:10 /vips/web: found the key "web" a second time, expected each key once (first at /c/main.json:2:10))",
            R"(/c/b.json:2:41 /version: found the key "version" a second time, expected each key once (first at /c/main.json:1:2))"});
}

TEST_CASE("files that cannot be included are problems where they are named") {
    CHECK(lines_of(load({{"/c/main.json", main_with(R"({"include": ["none.json"]})")}}).problems) ==
          Lines{"/c/main.json:1:13 /include/0: found /c/none.json: No such file or directory, "
                "expected a readable file"});
    CHECK(load({{"/c/main.json", main_with(R"({"include": ["conf.d/*.json"]})")}}).ok());
    CHECK(lines_of(load({{"/c/main.json", main_with(R"({"include": ["a.json", "*.json"]})")},
                         {"/c/a.json", "{}"}})
                       .problems) == Lines{"/c/main.json:1:22 /include/1: found /c/a.json, which "
                                           "was read already, expected each file once",
                                           "/c/main.json:1:22 /include/1: found /c/main.json, "
                                           "which was read already, expected each file once"});
    CHECK(lines_of(
              load({{"/c/main.json", main_with(R"({"include": ["a.json"]})")}, {"/c/a.json", "[]"}})
                  .problems) == Lines{"/c/a.json:1:1: found an empty array, expected an object"});
    CHECK(lines_of(load({{"/c/main.json", main_with(R"({"include": ["a.json"]})")},
                         {"/c/a.json", "{\n,"}})
                       .problems) ==
          Lines{"/c/a.json:2:1: found in object key - unexpected ',', expected string literal"});
    CHECK(
        lines_of(load({{"/c/main.json", main_with(R"({"include": "a.json"})")}}).problems) ==
        Lines{
            R"(/c/main.json:1:12 /include: found "a.json", expected an array of 1 to 1000 values, each the path of a file, or a pattern such as "conf.d/*.json")"});
}

TEST_CASE("a problem in an included file has that file's place") {
    CHECK(
        lines_of(load({{"/c/main.json", main_with(R"({"include": ["a.json"]})")},
                       {"/c/a.json", "{\n  \"stop\": { \"gshut_wait\": 5 }\n}"}})
                     .problems) ==
        Lines{
            R"(/c/a.json:2:27 /stop/gshut_wait: found 5, expected a duration like "300ms", "9s" or "5m", from 0s to 10m)"});
}

TEST_CASE("services share the servers of a group") {
    const auto reading = load({{"/c/main.json", main_with(R"({
        "groups": {"g": {"x": {"address": "10.0.0.7", "weight": 7}, "y": {"address": "10.0.0.8"}}},
        "services": {"http": {"servers": "g"}}})")}});
    REQUIRE(lines_of(reading.problems) == Lines{});
    const auto& service = reading.config.services.at("http");
    CHECK(service.group == "g");
    CHECK(service.servers.size() == 2);
    CHECK(service.servers == reading.config.groups.at("g").servers);
}

TEST_CASE("groups that do not fit are refused where they are written") {
    using Case = std::pair<std::string, Lines>;
    for (
        const auto& [patch, lines] : std::vector<Case>{
            {R"({"services": {"http": {"servers": "g"}}})",
             {R"( /services/http/servers: found the unknown group "g", expected a group that exists: there is none)"}},
            {R"({"services": {"http": {"servers": "text"}}, "groups": {"txt": {"x": {"address": "10.0.0.1"}}}})",
             {R"( /services/http/servers: found the unknown group "text", expected "txt" (did you mean it?) or another group)"}},
            {R"({"services": {"http": {"servers": "g"}}, "groups": {"g": {"x": {"address": "10.0.0.1", "port": 8080}}}})",
             {R"( /groups/g/x/port: found 8080, expected 80, the service's port: only forwarding "nat" can change it (a monitor may name a port of its own))"}},
            {R"({"groups": {"g": 7}})",
             {R"( /groups/g: found 7, expected an object of at least one server, or of a "servers_file")"}},
            {R"({"groups": {"g": {"servers_file": "a.json", "x": {"address": "10.0.0.1"}}}})",
             {R"( /groups/g/servers_file: found a.json: No such file or directory, expected a readable file)",
              R"( /groups/g/x: found the unknown key "x", expected one of servers_file)"}},
        }) {
        CAPTURE(patch);
        Lines found;
        for (auto problem : read_config(main_with(patch), "main.json", "lb1").problems) {
            problem.file.clear();
            problem.line = 0;
            found.push_back(problem.to_string());
        }
        CHECK(found == lines);
    }
}

TEST_CASE("a list that is not right gives way to its last good text, and that is said") {
    const auto document = main_with(
        R"({"groups": {"g": {"servers_file": "g.json"}}, "services": {"http": {"servers": "g"}}})");
    const FileTexts last{{"/c/g.json", R"({"10.0.0.1": {}, "10.0.0.2": {}})"}};

    SECTION("it is right") {
        const auto reading =
            load({{"/c/main.json", document}, {"/c/g.json", R"({"10.0.0.3": {}})"}}, last);
        CHECK(reading.ok());
        CHECK(reading.stale_lists.empty());
        CHECK(reading.config.services.at("http").servers.contains("10.0.0.3"));
    }
    SECTION("it is gone") {
        const auto reading = load({{"/c/main.json", document}}, last);
        CHECK(reading.ok());
        CHECK(reading.config.services.at("http").servers.size() == 2);
        REQUIRE(reading.stale_lists.size() == 1);
        CHECK_THAT(
            reading.stale_lists[0].why,
            Catch::Contains("/groups/g/servers_file: found /c/g.json: No such file or directory"));
        CHECK(reading.files.at("/c/g.json") == last.at("/c/g.json"));
    }
    SECTION("it is broken, or empty") {
        for (const auto* text : {"{", "{}", R"({"cp 1": {}})"}) {
            const auto reading = load({{"/c/main.json", document}, {"/c/g.json", text}}, last);
            CAPTURE(text);
            CHECK(reading.ok());
            CHECK(reading.config.services.at("http").servers.size() == 2);
            REQUIRE(reading.stale_lists.size() == 1);
            CHECK(reading.stale_lists[0].file == "/c/g.json");
        }
    }
    SECTION("without a last one it is a problem") {
        CHECK(lines_of(load({{"/c/main.json", document}, {"/c/g.json", "{}"}}).problems) ==
              Lines{"/c/g.json:1:1: found no server, expected at least one server"});
        CHECK(load({{"/c/main.json", document}}).problems.size() == 1);
    }
}

TEST_CASE("files come from the disk, patterns sorted [edge]", "[edge]") {
    std::string folder = "/tmp/vipd-config-test-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    const auto write = [&folder](const std::string& name, const std::string& text) {
        std::filesystem::create_directories(
            std::filesystem::path(folder + "/" + name).parent_path());
        std::ofstream(folder + "/" + name) << text;
    };
    write("main.json", main_with(R"({"include": ["conf.d/*.json"], "node": "n"})"));
    write("conf.d/two.json", other_vip);
    write("conf.d/one.json", "{}");
    const auto reading = read_config_file(folder + "/main.json");
    CHECK(lines_of(reading.problems) == Lines{});
    CHECK(reading.config.vips.size() == 2);
    CHECK(DiskFiles().matching(folder + "/conf.d/*.json") ==
          Lines{folder + "/conf.d/one.json", folder + "/conf.d/two.json"});
    std::filesystem::remove_all(folder);
}
