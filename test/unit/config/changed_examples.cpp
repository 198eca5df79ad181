#include "test/unit/config/changed_examples.hpp"

#include "src/config/json_document.hpp"
#include "src/config/read_document.hpp"

#include <fstream>
#include <functional>

namespace vipd::test {

using nlohmann::json;

namespace {

/// Less to validate: of everything that has names, only what the pointer leads to, or else the
/// first.
json pruned(json document, const json::json_pointer& pointer) {
    for (const auto& place : {json::json_pointer("/bgp/peers"), json::json_pointer("/groups"),
                              json::json_pointer("/vips"), json::json_pointer("/services")}) {
        if (!document.contains(place) || !document[place].is_object() ||
            pointer.to_string() == place.to_string())
            continue;
        const auto start = place.to_string() + "/";
        const auto text = pointer.to_string();
        auto kept = document[place].begin().key();
        if (text.starts_with(start))
            kept = text.substr(start.size(), text.find('/', start.size()) - start.size());
        document[place] = json{{kept, document[place].at(kept)}};
    }
    return document;
}

/// Every other kind of value, and one of each kind that is seldom right.
const std::vector<json>& others() {
    static const std::vector<json> values{nullptr, true,          -1,          1.5, 4294967296, "",
                                          "x",     json::array(), {{"odd", 1}}};
    return values;
}

}  // namespace

json parse_file(const std::string& path) {
    return json::parse(std::ifstream(VIPD_SOURCE_DIR "/" + path), nullptr, true, true);
}

std::vector<json::json_pointer> pointers_into(const json& document) {
    std::vector<json::json_pointer> pointers;
    const std::function<void(const json&, const json::json_pointer&)> walk =
        [&](const json& value, const json::json_pointer& at) {
            pointers.push_back(at);
            if (value.is_object()) {
                for (const auto& [key, child] : value.items())
                    walk(child, at / key);
            } else if (value.is_array()) {
                for (std::size_t i = 0; i < value.size(); ++i)
                    walk(value[i], at / i);
            }
        };
    walk(document, json::json_pointer());
    return pointers;
}

std::vector<ChangedExample> changed_examples() {
    std::vector<ChangedExample> examples;
    const auto whole = parse_file("etc/vipd.json");
    for (const auto& pointer : pointers_into(whole)) {
        const auto document = pruned(whole, pointer);
        for (const auto& other : others()) {
            auto changed = document;
            changed[pointer] = other;
            examples.push_back({pointer.to_string() + " is " + other.dump(), changed});
        }
        if (pointer.empty()) continue;
        auto without = document;
        auto& parent = without[pointer.parent_pointer()];
        if (parent.is_object()) {
            parent.erase(pointer.back());
            examples.push_back({"without " + pointer.to_string(), without});
        }
        auto odd = document;
        if (odd[pointer].is_object()) {
            odd[pointer]["_odd_"] = 1;
            examples.push_back({"odd key in " + pointer.to_string(), odd});
        }
    }
    return examples;
}

std::vector<std::string> reader_problems(const json& document) {
    const auto text = document.dump();
    const auto reading = read_json(text);
    Problems problems;
    // A group's list is a file of its own, and right.
    const ServerLists lists{{"/etc/vipd/pools/upload.json", {{"up1", ServerConfig{}}}}};
    read_document(reading.root, {"/etc/vipd"}, lists, "lb1", problems);
    std::vector<std::string> lines;
    for (const auto& problem :
         std::move(problems).finish({{.name = "f", .lines = LineIndex(text)}})) {
        lines.push_back(problem.to_string());
    }
    return lines;
}

}  // namespace vipd::test
