#include "src/config/load_document.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

std::string folder_of(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

// Members of these are things with names of their own.
bool holds_names(std::string_view pointer) {
    constexpr std::array<std::string_view, 4> holders{"/bgp/peers", "/groups", "/services",
                                                      "/vips"};
    return std::ranges::find(holders, pointer) != holders.end();
}

class Loader {
public:
    Loader(const ConfigFiles& files, Problems& problems) : files_(files), problems_(problems) {}

    LoadedDocument run(const std::string& path) {
        const auto text = files_.read(path);
        if (!text) {
            loaded_.add_source(path, {});
            loaded_.sources.back().readable = false;
            problems_.add({}, {}, text.error().text, "a readable file");
            return std::move(loaded_);
        }
        loaded_.complete = true;
        if (auto root = parse(path, *text)) loaded_.root = std::move(*root);
        // Files found on the way are appended and get their turn.
        for (std::size_t i = 0; i < pending_.size(); ++i) {
            const auto next = pending_[i];  // a copy: more may be appended meanwhile
            include(next);
        }
        return std::move(loaded_);
    }

private:
    // A file that another one names.
    struct Pending {
        std::string path;
        SourcePosition position;
        std::string pointer;
    };

    std::optional<JsonValue> parse(const std::string& path, const std::string& text) {
        const auto file = loaded_.add_source(path, text);
        loaded_.texts.emplace(path, text);
        auto reading = read_json(text, file);
        for (auto& problem : reading.problems) {
            problems_.add(problem.position, std::move(problem.pointer), std::move(problem.found),
                          std::move(problem.accepted));
        }
        if (!reading.complete) {
            loaded_.complete = false;
            return std::nullopt;
        }
        find_includes(reading.root, folder_of(path));
        return std::move(reading.root);
    }

    // Patterns of the wrong kind are reported by the reader of the document.
    void find_includes(const JsonValue& root, const std::string& folder) {
        const auto* include = root.is(Kind::object) ? root.find("include") : nullptr;
        if (include == nullptr) return;
        for (std::size_t i = 0; i < include->value.elements.size(); ++i) {
            const auto& element = include->value.elements[i];
            const auto pattern = ObjectReader::path_of(element, folder);
            if (!pattern) continue;
            const auto pointer = pointer_to("/include", i);
            const auto first_wild = pattern->find_first_of("*?[");
            const bool wild = first_wild != std::string::npos;
            if (wild) loaded_.include_folders.insert(folder_of(pattern->substr(0, first_wild)));
            if (!wild) pending_.push_back({*pattern, element.position, pointer});
            for (const auto& path : wild ? files_.matching(*pattern) : std::vector<std::string>{}) {
                pending_.push_back({path, element.position, pointer});
            }
        }
    }

    void include(const Pending& file) {
        if (loaded_.texts.contains(file.path)) {
            fail(file, file.path + ", which was read already", "each file once");
            return;
        }
        if (loaded_.sources.size() >= most_config_files) {
            fail(file, fmt::format("more than {} files", most_config_files), "fewer files");
            return;
        }
        const auto text = files_.read(file.path);
        if (!text) {
            fail(file, file.path + ": " + text.error().text, "a readable file");
            return;
        }
        auto root = parse(file.path, *text);
        if (!root) return;
        if (!root->is(Kind::object)) {
            problems_.add(root->position, {}, root->summary(), "an object");
            return;
        }
        std::erase_if(root->members,
                      [](const JsonMember& member) { return member.key == "include"; });
        if (loaded_.root.is(Kind::object)) merge(loaded_.root, std::move(*root), {});
    }

    void fail(const Pending& file, std::string found, std::string accepted) {
        loaded_.complete = false;
        problems_.add(file.position, file.pointer, std::move(found), std::move(accepted));
    }

    void merge(JsonValue& into, JsonValue from, const std::string& pointer) {
        std::map<std::string, std::size_t> present;
        for (std::size_t i = 0; i < into.members.size(); ++i)
            present.emplace(into.members[i].key, i);
        for (auto& member : from.members) {
            const auto found = present.find(member.key);
            if (found == present.end()) {
                into.members.push_back(std::move(member));
                continue;
            }
            auto& first = into.members[found->second];
            const bool objects = first.value.is(Kind::object) && member.value.is(Kind::object);
            const auto at = pointer_to(pointer, member.key);
            if (objects && !holds_names(pointer)) {
                merge(first.value, std::move(member.value), at);
            } else {
                report_duplicate(member, first.position, at);
            }
        }
    }

    void report_duplicate(const JsonMember& member, SourcePosition first, std::string pointer) {
        const auto& source = loaded_.sources[first.file];
        const auto at = source.lines.locate(first.offset);
        problems_.add(
            member.position, std::move(pointer),
            "the key " + in_quotes(member.key) + " a second time",
            fmt::format("each key once (first at {}:{}:{})", source.name, at.line, at.column));
    }

    const ConfigFiles& files_;
    Problems& problems_;
    LoadedDocument loaded_;
    std::vector<Pending> pending_;
};

}  // namespace

std::uint32_t LoadedDocument::add_source(const std::string& path, const std::string& text) {
    sources.push_back({.name = path, .lines = LineIndex(text)});
    folders.push_back(folder_of(path));
    return static_cast<std::uint32_t>(sources.size() - 1);
}

LoadedDocument load_document(const std::string& path, const ConfigFiles& files,
                             Problems& problems) {
    return Loader(files, problems).run(path);
}

}  // namespace vipd
