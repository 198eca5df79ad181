#include "src/control/list_update.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace vipd;
using Lines = std::vector<std::string>;

namespace {

const std::string one = "/c/one.json";
const std::string two = "/c/two.json";

/// Two services, each with a list of its own.
std::string document(unsigned port = 80) {
    return fmt::format(R"({{
        "version": 1,
        "groups": {{"one": {{"servers_file": "one.json"}}, "two": {{"servers_file": "two.json"}}}},
        "vips": {{"v": {{"addresses": ["203.0.113.1"], "announce": {{"when": "all"}}}}}},
        "services": {{
            "a": {{"vip": "v", "port": {}, "servers": "one", "monitors": []}},
            "b": {{"vip": "v", "port": 443, "servers": "two", "monitors": []}}
        }}
    }})",
                       port);
}

std::string list(unsigned first, unsigned last, unsigned weight = 10) {
    std::string text = "{";
    for (auto i = first; i <= last; ++i) {
        text += fmt::format(R"({}"10.0.0.{}": {{"weight": {}}})", i > first ? ", " : "", i, weight);
    }
    return text + "}";
}

AcceptedConfig accepted() {
    return {"/c/main.json",
            "lb1",
            {{"/c/main.json", document()}, {one, list(1, 4)}, {two, list(11, 14)}}};
}

ListUpdate update(const std::string& text_of_one, const std::string& text_of_two = list(11, 14)) {
    return update_lists(accepted(), KeptFiles({{one, text_of_one}, {two, text_of_two}}));
}

Lines stale_files(const ListUpdate& update) {
    Lines files;
    for (const auto& list : update.stale)
        files.push_back(list.file);
    return files;
}

std::size_t servers(const ListUpdate& update, const std::string& service) {
    return update.reading.config.services.at(service).servers.size();
}

}  // namespace

TEST_CASE("lists that have not changed make no difference") {
    const auto result = update(list(1, 4));
    CHECK(result.changed.empty());
    CHECK(result.differences.empty());
    CHECK(result.stale.empty());
    CHECK(result.reading.files == accepted().texts);
}

TEST_CASE("a list that has changed is taken, and what that does is said") {
    const auto result = update(list(1, 5));
    CHECK(result.changed == Lines{one});
    REQUIRE(result.differences.size() == 1);
    CHECK_THAT(result.differences[0], Catch::Contains("service a") && Catch::Contains("10.0.0.5"));
    CHECK(servers(result, "a") == 5);
    CHECK(result.reading.files.at(one) == list(1, 5));
}

TEST_CASE("only the lists are read anew: the rest stays as it was accepted") {
    KeptFiles files({{"/c/main.json", document(8080)}, {one, list(1, 5)}, {two, list(11, 14)}});
    const auto result = update_lists(accepted(), files);
    CHECK(result.reading.config.services.at("a").port == 80);
    CHECK(servers(result, "a") == 5);
}

TEST_CASE("what was changed of the rest and not loaded is told, and nothing of it used") {
    auto files = accepted().texts;
    CHECK(update_lists(accepted(), KeptFiles(files)).not_loaded.empty());
    files.at(one) = list(1, 5);
    CHECK(update_lists(accepted(), KeptFiles(files)).not_loaded.empty());
    files.at("/c/main.json") = document(8080);
    const auto result = update_lists(accepted(), KeptFiles(files));
    CHECK(result.not_loaded == Lines{"/c/main.json"});
    CHECK(result.reading.config.services.at("a").port == 80);
    CHECK(servers(result, "a") == 5);
    for (const auto* text : {"{", ""}) {
        files.at("/c/main.json") = text;
        CHECK(update_lists(accepted(), KeptFiles(files)).not_loaded == Lines{"/c/main.json"});
    }
    files.erase("/c/main.json");
    CHECK(update_lists(accepted(), KeptFiles(files)).not_loaded == Lines{"/c/main.json"});
}

TEST_CASE("a file that an include matches for the first time is not loaded yet") {
    const auto part = [](const std::string& name) {
        return R"({"vips": {")" + name + R"(": {"addresses": ["203.0.113.)" +
               (name == "v" ? "1" : "2") + R"("]}}, "services": {"s)" + name + R"(": {"vip": ")" +
               name +
               R"(", "port": 80, "servers": {"a": {"address": "10.0.0.1"}}, "monitors": []}}})";
    };
    const AcceptedConfig with_include{
        "/c/main.json",
        "lb1",
        {{"/c/main.json", R"({"version": 1, "include": ["d/*.json"]})"},
         {"/c/d/v.json", part("v")}}};
    auto files = with_include.texts;
    CHECK(update_lists(with_include, KeptFiles(files)).not_loaded.empty());
    files["/c/d/w.json"] = part("w");
    CHECK(update_lists(with_include, KeptFiles(files)).not_loaded == Lines{"/c/d/w.json"});
    files.erase("/c/d/v.json");
    CHECK(update_lists(with_include, KeptFiles(files)).not_loaded ==
          Lines{"/c/d/w.json", "/c/d/v.json"});
}

TEST_CASE("a list that is empty, broken or gone keeps its last good version") {
    for (const auto* text : {"", "{}", "{", R"({"cp1": {}})"}) {
        CAPTURE(text);
        const auto result = update(text);
        CHECK(stale_files(result) == Lines{one});
        CHECK(result.changed.empty());
        CHECK(result.reading.files == accepted().texts);
    }
    const auto gone = update_lists(accepted(), KeptFiles(FileTexts{{two, list(11, 14)}}));
    REQUIRE(stale_files(gone) == Lines{one});
    CHECK_THAT(gone.stale[0].why, Catch::Contains("No such file or directory"));
    CHECK(servers(gone, "a") == 4);
}

TEST_CASE("a list that takes away too much is not taken") {
    const auto result = update(list(1, 1));
    REQUIRE(stale_files(result) == Lines{one});
    CHECK_THAT(result.stale[0].why, Catch::Contains("--allow-shrink"));
    CHECK(result.changed.empty());
    CHECK(result.differences.empty());
    CHECK(servers(result, "a") == 4);
}

TEST_CASE("a list that is wrong holds up no other") {
    SECTION("it takes away too much") {
        const auto result = update(list(1, 1), list(11, 15));
        CHECK(stale_files(result) == Lines{one});
        CHECK(result.changed == Lines{two});
        CHECK(servers(result, "a") == 4);
        CHECK(servers(result, "b") == 5);
    }
    SECTION("it cannot be read") {
        const auto result = update("{", list(11, 15));
        CHECK(stale_files(result) == Lines{one});
        CHECK(result.changed == Lines{two});
    }
}

TEST_CASE("lists that each pass the guard but together do not are taken as far as it allows") {
    // Three of eight servers are more than 30 %.
    const auto result = update(list(1, 2), list(11, 13));
    CHECK(result.changed == Lines{one});
    CHECK(stale_files(result) == Lines{two});
}

TEST_CASE("servers that move from one list to another are no loss") {
    const auto result = update(list(1, 2), list(3, 14));
    CHECK(result.changed == Lines{one, two});
    CHECK(result.stale.empty());
}
