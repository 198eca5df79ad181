// etc/vipd.schema.json, docs/configuration.md and the reader know the same keys and defaults.

#include "test/unit/config/changed_examples.hpp"
#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using nlohmann::json;
using namespace vipd::test;

namespace {

std::string file_text(const std::string& path) {
    std::ifstream stream(VIPD_SOURCE_DIR "/" + path);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

const json& schema_json() {
    static const json schema = parse_file("etc/vipd.schema.json");
    return schema;
}

const json& resolved(const json& schema) {
    if (!schema.contains("$ref")) return schema;
    return schema_json().at(json::json_pointer(schema.at("$ref").get<std::string>().substr(1)));
}

// Objects that stand for each other at one place are told apart: " (http)", " (file)".
std::string alternative_suffix(const json& object) {
    if (!object.contains("properties")) return {};
    const auto& keys = object.at("properties");
    if (keys.contains("servers_file")) return " (file)";
    const bool typed = keys.contains("type") && keys.at("type").contains("const");
    return typed ? " (" + keys.at("type").at("const").get<std::string>() + ")" : "";
}

// Every object of the schema that has keys of its own, by its place: "bgp.peers.NAME",
// "services.NAME.monitors[] (http)".
void collect_objects(const std::string& place, const json& unresolved,
                     std::map<std::string, const json*>& into) {
    const auto& schema = resolved(unresolved);
    const auto dot = place.empty() ? "" : ".";
    if (schema.contains("properties")) {
        into.emplace(place, &schema);
        for (const auto& [key, child] : schema.at("properties").items())
            collect_objects(place + dot + key, child, into);
    } else if (schema.contains("additionalProperties") &&
               schema.at("additionalProperties").is_object()) {
        collect_objects(place + dot + (place.ends_with("headers") ? "FIELD" : "NAME"),
                        schema.at("additionalProperties"), into);
    } else if (schema.contains("items") && schema.at("items").is_object()) {
        collect_objects(place + "[]", schema.at("items"), into);
    } else if (schema.contains("oneOf")) {
        for (const auto& alternative : schema.at("oneOf")) {
            collect_objects(place + alternative_suffix(resolved(alternative)), alternative, into);
        }
    }
}

std::map<std::string, const json*> schema_objects() {
    std::map<std::string, const json*> objects;
    collect_objects("", schema_json(), objects);
    return objects;
}

// Where in the schema a value of a document belongs.
std::string place_of(const json& document, const json::json_pointer& pointer) {
    const auto objects = schema_objects();
    std::string place;
    json::json_pointer at;
    auto rest = pointer.to_string();
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/', 1), rest.size());
        const auto token = rest.substr(1, end - 1);
        rest.erase(0, end);
        const bool in_array = document.at(at).is_array();
        at = in_array ? at / std::stoul(token) : at / json::json_pointer("/" + token).back();
        if (in_array) {
            place += "[]";
        } else if (objects.contains(place) && objects.at(place)->at("properties").contains(token)) {
            place += (place.empty() ? "" : ".") + token;
        } else {
            place += place.ends_with("response_headers") ? ".FIELD" : ".NAME";
        }
        const auto& value = document.at(at);
        if (place.ends_with("monitors[]"))
            place += " (" + value.at("type").get<std::string>() + ")";
        if (place == "groups.NAME" && value.contains("servers_file")) place += " (file)";
    }
    return place;
}

}  // namespace

TEST_CASE("the reader accepts the examples") {
    for (const auto* name : {"etc/vipd.json", "etc/minimal.json"}) {
        CAPTURE(name);
        CHECK(reader_problems(parse_file(name)).empty());
    }
}

// Whether the schema answers alike is asked by schema_test.py.
TEST_CASE("what the reader refuses in a changed example has a place and a reason") {
    std::size_t refused = 0;
    for (const auto& example : changed_examples()) {
        CAPTURE(example.what);
        const auto problems = reader_problems(example.document);
        for (const auto& problem : problems)
            CHECK(problem.starts_with("f:"));
        refused += problems.empty() ? 0U : 1U;
    }
    CHECK(refused > 3000);
}

TEST_CASE("the full example shows every key of the schema") {
    const auto example = parse_file("etc/vipd.json");
    for (const auto& [place, object] : schema_objects()) {
        if (place.starts_with("defaults.")) continue;
        for (const auto& [key, schema] : object->at("properties").items()) {
            CAPTURE(place, key);
            CHECK(file_text("etc/vipd.json").find("\"" + key + "\"") != std::string::npos);
        }
    }
}

TEST_CASE("the reader knows the keys of the schema and no others") {
    // The message about an odd key lists the keys that the reader knows at that place.
    auto document = parse_file("etc/vipd.json");
    const auto objects = schema_objects();
    std::map<std::string, std::set<std::string>> known;
    for (const auto& pointer : pointers_into(document)) {
        auto odd = document;
        if (!odd[pointer].is_object()) continue;
        odd[pointer]["_odd_"] = 1;
        for (const auto& line : reader_problems(odd)) {
            constexpr std::string_view intro = "expected one of ";
            const auto list = line.find(intro);
            if (list == std::string::npos) continue;
            std::istringstream words(line.substr(list + intro.size()));
            std::set<std::string> keys;
            for (std::string word; words >> word;)
                keys.insert(word.substr(0, word.find(',')));
            known[pointer.to_string()] = keys;
        }
    }
    const auto keys_of = [&objects](const std::string& place) {
        std::set<std::string> keys;
        for (const auto& [key, schema] : objects.at(place)->at("properties").items())
            keys.insert(key);
        return keys;
    };
    for (const auto& [pointer, keys] : known) {
        CAPTURE(pointer);
        CHECK(keys == keys_of(place_of(document, json::json_pointer(pointer))));
    }
    std::set<std::string> places;
    for (const auto& [pointer, keys] : known)
        places.insert(place_of(document, json::json_pointer(pointer)));
    // What looks alike in several places need be seen in one of them only.
    for (const auto& [place, object] : objects) {
        CAPTURE(place);
        CHECK(std::ranges::any_of(
            places, [&](const std::string& seen) { return *objects.at(seen) == *object; }));
    }
}

TEST_CASE("writing a default of the schema out changes nothing") {
    const auto plain = parse_file("etc/minimal.json");
    const auto config = read(plain).config;
    const std::map<std::string, std::string> places{
        {"", ""},
        {"bgp", "/bgp"},
        {"bgp.peers.NAME", "/bgp/peers/cr1"},
        {"defaults.peer", "/defaults/peer"},
        {"defaults.vip", "/defaults/vip"},
        {"defaults.vip.announce", "/defaults/vip/announce"},
        {"defaults.service", "/defaults/service"},
        {"defaults.monitor", "/defaults/monitor"},
        {"vips.NAME", "/vips/web"},
        {"vips.NAME.announce", "/vips/web/announce"},
        {"services.NAME", "/services/web-http"},
        {"services.NAME.servers.NAME", "/services/web-http/servers/web1"},
        {"services.NAME.monitors[] (http)", "/services/web-http/monitors/0"},
        {"monitors", "/monitors"},
        {"stop", "/stop"},
        {"status", "/status"},
        {"ipvs", "/ipvs"}};
    std::size_t compared = 0;
    for (const auto& [place, pointer] : places) {
        for (const auto& [key, schema] : schema_objects().at(place)->at("properties").items()) {
            if (!resolved(schema).contains("default")) continue;
            auto written = plain;
            written[json::json_pointer(pointer) / key] = resolved(schema).at("default");
            CAPTURE(pointer, key);
            const auto reading = read(written);
            CHECK(reading.ok());
            CHECK(reading.config == config);
            ++compared;
        }
    }
    CHECK(compared > 40);
}

TEST_CASE("the documentation has a row for every key, with its default") {
    std::map<std::string, std::map<std::string, std::string>> rows;
    std::istringstream lines(file_text("docs/configuration.md"));
    std::string place;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("### `")) {
            place = line.substr(5, line.rfind('`') - 5);
        } else if (!place.empty() && line.starts_with("| `")) {
            std::vector<std::string> cells;
            std::istringstream row(line);
            for (std::string cell; std::getline(row, cell, '|');)
                cells.push_back(cell);
            REQUIRE(cells.size() >= 5);
            rows[place][cells[1].substr(2, cells[1].size() - 4)] = cells[3];
        }
    }
    const auto objects = schema_objects();
    const auto& of_every_monitor = rows.at("defaults.monitor");
    std::size_t compared = 0;
    for (const auto& [where, documented] : rows) {
        CAPTURE(where);
        const std::string object = where == "(top level)" ? "" : where;
        REQUIRE(objects.contains(object));
        for (const auto& [key, unresolved] : objects.at(object)->at("properties").items()) {
            CAPTURE(key);
            if (object.find("monitors[]") != std::string::npos && of_every_monitor.contains(key))
                continue;
            const auto& schema = resolved(unresolved);
            REQUIRE(documented.contains(key));
            if (schema.contains("default"))
                CHECK(documented.at(key) == " `" + schema.at("default").dump() + "` ");
            ++compared;
        }
    }
    CHECK(compared > 120);
    // What looks alike in several places is documented in one of them.
    for (const auto& [path, object] : objects) {
        if (path.starts_with("defaults.")) continue;
        CAPTURE(path);
        CHECK(std::ranges::any_of(rows, [&](const auto& row) {
            return objects.at(row.first == "(top level)" ? "" : row.first)->at("properties") ==
                   object->at("properties");
        }));
    }
}
