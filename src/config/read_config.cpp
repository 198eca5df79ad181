#include "src/config/read_config.hpp"

#include "src/config/check_config.hpp"
#include "src/config/json_document.hpp"
#include "src/config/problems.hpp"
#include "src/config/read_document.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace vipd {

namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

ConfigReading unreadable(const std::string& path, const std::string& why) {
    ConfigReading reading;
    reading.problems.push_back({.file = path,
                                .line = 0,
                                .column = 0,
                                .pointer = {},
                                .found = why,
                                .accepted = "a readable file"});
    return reading;
}

}  // namespace

ConfigReading read_config(std::string_view text, const std::string& file, const std::string& node) {
    auto json = read_json(text);
    Problems problems;
    for (auto& problem : json.problems) {
        problems.add(problem.position, std::move(problem.pointer), std::move(problem.found),
                     std::move(problem.accepted));
    }
    ConfigReading reading;
    if (json.complete) {
        const auto folder = std::filesystem::path(file).parent_path().string();
        reading.config = read_document(json.root, folder, node, problems);
        check_config(reading.config, json.root, problems);
    }
    reading.problems = std::move(problems).finish({{.name = file, .lines = LineIndex(text)}});
    return reading;
}

ConfigReading read_config_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return unreadable(path, "a folder");
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return unreadable(path, std::strerror(errno));
    // One byte more than is acceptable is enough to say that it is too much.
    std::string text(json_max_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return unreadable(path, "an error while reading");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return read_config(text, path, host_name());
}

}  // namespace vipd
