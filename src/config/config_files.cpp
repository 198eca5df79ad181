#include "src/config/config_files.hpp"

#include "src/config/json_document.hpp"

#include <fnmatch.h>
#include <glob.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace vipd {

boost::system::result<std::string, FileError> DiskFiles::read(const std::string& path) const {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return FileError("a folder");
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return FileError(std::strerror(errno));
    std::string text;
    // One byte more than is acceptable is enough to say that it is too much.
    constexpr std::size_t step = 65536;
    while (stream && text.size() <= json_max_bytes) {
        const auto before = text.size();
        text.resize(before + step);
        stream.read(text.data() + before, static_cast<std::streamsize>(step));
        text.resize(before + static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad()) return FileError("an error while reading");
    return {boost::system::in_place_value, std::move(text)};
}

std::vector<std::string> DiskFiles::matching(const std::string& pattern) const {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    globfree(&found);
    return paths;
}

boost::system::result<std::string, FileError> KeptFiles::read(const std::string& path) const {
    const auto text = texts_.find(path);
    if (text == texts_.end()) return FileError("No such file or directory");
    return {boost::system::in_place_value, text->second};
}

std::vector<std::string> KeptFiles::matching(const std::string& pattern) const {
    std::vector<std::string> paths;
    for (const auto& [path, text] : texts_) {
        if (fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0)
            paths.push_back(path);
    }
    return paths;
}

}  // namespace vipd
