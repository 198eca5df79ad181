#pragma once
// From a file's text to a Config, with every problem found and where it stands. Pure but for
// read_config_file, which reads the disk.

#include "src/config/config.hpp"
#include "src/config/config_files.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// One thing that is wrong, shown as "vipd.json:14:9 /bgp/peers/cr1/hold_time: found "9", expected
/// a duration like "9s"".
struct ConfigProblem {
    std::string file;
    unsigned line = 0;  // 1-based
    unsigned column = 0;  // 1-based, in bytes
    std::string pointer;  // RFC 6901; empty for the document itself
    std::string found;
    std::string accepted;  // empty: `found` is a sentence that names the remedy too

    std::string to_string() const;
    bool operator==(const ConfigProblem&) const = default;
};

/// "vipd.json:14:9 …; vipd.json:20:1 …; and 3 more": a few of them in one line.
std::string summary(const std::vector<ConfigProblem>& problems);

/// A list of servers whose newest version is not used, and why.
struct StaleList {
    std::string file;
    std::string why;

    bool operator==(const StaleList&) const = default;
};

/// Texts by path.
using FileTexts = std::map<std::string, std::string>;

/// Either a config and no problems, or problems (sorted by file and position) and a config that
/// must not be used.
struct ConfigReading {
    Config config;
    std::vector<ConfigProblem> problems;
    /// Every file that the configuration was made of, with its text: given to load_config as
    /// KeptFiles they make it again.
    FileTexts files;
    /// Where a file may appear that an "include" then matches.
    std::set<std::string> include_folders;
    /// Server lists whose last good text is used instead.
    std::vector<StaleList> stale_lists;

    /// What works, but not as well as it could, or until something happens.
    std::vector<ConfigProblem> warnings;

    bool ok() const { return problems.empty(); }
};

/// Reads a configuration and all that it names from `files`. `node` is the default for "node" (the
/// host's name). Where a server list cannot be used as it is now, its text in `last_lists` stands
/// in. Never throws on any input.
ConfigReading load_config(const std::string& file, const std::string& node,
                          const ConfigFiles& files, const FileTexts& last_lists);

/// The same of a single text; `file` is only for messages and to resolve relative paths.
ConfigReading read_config(std::string_view text, const std::string& file, const std::string& node);

/// The same from the disk and for this host.
ConfigReading read_config_file(const std::string& path, const FileTexts& last_lists = {});

/// The files that groups take their servers from.
std::set<std::string> list_files(const Config& config);

}  // namespace vipd
