#pragma once
// From a file and what it includes to one document: objects merge, a key that is written twice is a
// problem.

#include "src/config/config_files.hpp"
#include "src/config/json_document.hpp"
#include "src/config/object_reader.hpp"
#include "src/config/problems.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vipd {

/// More files than this are refused.
constexpr std::size_t most_config_files = 1000;

struct LoadedDocument {
    JsonValue root;
    /// All files are there and their syntax is right: `root` can be read.
    bool complete = false;
    std::vector<Source> sources;  // by SourcePosition::file
    Folders folders;  // the same order
    std::map<std::string, std::string> texts;  // every file that was read, by path
    /// Where a file may appear that an "include" then matches.
    std::set<std::string> include_folders;

    /// Adds a file to those that positions can name; its number.
    std::uint32_t add_source(const std::string& path, const std::string& text);
};

/// `path` and, by its "include", others: patterns relative to the file that names them. Things that
/// have names (VIPs, services, peers, groups) do not merge: each is written in one file.
LoadedDocument load_document(const std::string& path, const ConfigFiles& files, Problems& problems);

}  // namespace vipd
