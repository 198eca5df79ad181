#include "src/config/read_config.hpp"

#include "src/config/check_config.hpp"
#include "src/config/load_document.hpp"
#include "src/config/problems.hpp"
#include "src/config/read_document.hpp"
#include "src/config/server_list.hpp"

#include <unistd.h>

#include <array>
#include <utility>

namespace vipd {

namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

// The servers_file of every group, with where it is named. Those of the wrong kind are reported by
// the document's reader.
struct ListName {
    std::string path;
    SourcePosition position;
    std::string pointer;
};

std::vector<ListName> list_names(const LoadedDocument& document) {
    std::vector<ListName> names;
    const auto* groups =
        document.root.is(JsonValue::Kind::object) ? document.root.find("groups") : nullptr;
    if (groups == nullptr) return names;
    for (const auto& group : groups->value.members) {
        const auto* file = group.value.find("servers_file");
        if (file == nullptr) continue;
        const auto& value = file->value;
        const auto path = ObjectReader::path_of(value, document.folders[value.position.file]);
        const auto pointer = pointer_to(pointer_to("/groups", group.key), "servers_file");
        if (path) names.push_back({*path, value.position, pointer});
    }
    return names;
}

// Reads every list, each once. One that is not there or not right gives way to its last good text,
// if there is one.
class ListReader {
public:
    ListReader(LoadedDocument& document, const ConfigFiles& files, const FileTexts& last_lists,
               Problems& problems)
        : document_(document), files_(files), last_lists_(last_lists), problems_(problems) {}

    ServerLists run() {
        for (const auto& name : list_names(document_)) {
            if (!lists_.contains(name.path)) read(name);
        }
        return std::move(lists_);
    }

    /// The lists that had to give way.
    std::vector<StaleList> take_stale() { return std::move(stale_); }

private:
    void read(const ListName& name) {
        const auto last = last_lists_.find(name.path);
        if (last == last_lists_.end()) {
            read_into(name, problems_);
            return;
        }
        Problems problems;
        if (read_into(name, problems)) return;
        stale_.push_back({name.path, summary(std::move(problems).finish(document_.sources))});
        keep(name.path, last->second, problems_);
    }

    bool read_into(const ListName& name, Problems& problems) {
        const auto text = files_.read(name.path);
        if (text) return keep(name.path, *text, problems);
        problems.add(name.position, name.pointer, name.path + ": " + text.error().text,
                     "a readable file");
        return false;
    }

    bool keep(const std::string& path, const std::string& text, Problems& problems) {
        const auto before = problems.count();
        const auto file = document_.add_source(path, text);
        auto list = read_server_list(text, is_json_list(path), file, problems);
        if (problems.count() > before) return false;
        lists_.emplace(path, std::move(list));
        document_.texts.insert_or_assign(path, text);
        return true;
    }

    LoadedDocument& document_;
    const ConfigFiles& files_;
    const FileTexts& last_lists_;
    Problems& problems_;
    std::vector<StaleList> stale_;
    ServerLists lists_;
};

}  // namespace

ConfigReading load_config(const std::string& file, const std::string& node,
                          const ConfigFiles& files, const FileTexts& last_lists) {
    Problems problems;
    Problems warnings;
    auto document = load_document(file, files, problems);
    ConfigReading reading;
    if (document.complete) {
        ListReader lists(document, files, last_lists, problems);
        const auto servers = lists.run();
        reading.config = read_document(document.root, document.folders, servers, node, problems);
        check_config(reading.config, document.root, problems, warnings);
        reading.stale_lists = lists.take_stale();
    }
    reading.warnings = std::move(warnings).finish(document.sources);
    reading.problems = std::move(problems).finish(document.sources);
    reading.files = std::move(document.texts);
    reading.include_folders = std::move(document.include_folders);
    return reading;
}

ConfigReading read_config(std::string_view text, const std::string& file, const std::string& node) {
    return load_config(file, node, KeptFiles(FileTexts{{file, std::string(text)}}), {});
}

ConfigReading read_config_file(const std::string& path, const FileTexts& last_lists) {
    return load_config(path, host_name(), DiskFiles(), last_lists);
}

std::set<std::string> list_files(const Config& config) {
    std::set<std::string> files;
    for (const auto& [name, group] : config.groups) {
        if (group.servers_file) files.insert(*group.servers_file);
    }
    return files;
}

}  // namespace vipd
