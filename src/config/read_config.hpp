#pragma once
// From a file's text to a Config, with every problem found and where it stands. Pure but for
// read_config_file.

#include "src/config/config.hpp"

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
    std::string accepted;

    std::string to_string() const;
    bool operator==(const ConfigProblem&) const = default;
};

/// Either a config and no problems, or problems (sorted by file and position) and a config that
/// must not be used.
struct ConfigReading {
    Config config;
    std::vector<ConfigProblem> problems;

    bool ok() const { return problems.empty(); }
};

/// Reads a configuration from text. `file` is only for messages and to resolve relative paths;
/// `node` is the default for "node" (the host's name). Never throws on any input.
ConfigReading read_config(std::string_view text, const std::string& file, const std::string& node);

/// The same from a file; a file that cannot be read is a problem like any other.
ConfigReading read_config_file(const std::string& path);

}  // namespace vipd
