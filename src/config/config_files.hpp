#pragma once
// What reading a configuration needs of the file system: whole files, and names that match a
// pattern. From the disk, or from texts that were kept (the last accepted configuration; tests).

#include <boost/system/result.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// Why a file could not be read, in the system's words.
struct FileError {
    FileError() = default;
    explicit FileError(std::string words) : text(std::move(words)) {}
    std::string text;
};

class ConfigFiles {
public:
    virtual ~ConfigFiles() = default;

    virtual boost::system::result<std::string, FileError> read(const std::string& path) const = 0;
    /// Files whose names match a glob(7) pattern, sorted. None is fine.
    virtual std::vector<std::string> matching(const std::string& pattern) const = 0;
};

class DiskFiles : public ConfigFiles {
public:
    boost::system::result<std::string, FileError> read(const std::string& path) const override;
    std::vector<std::string> matching(const std::string& pattern) const override;
};

/// Texts by path.
class KeptFiles : public ConfigFiles {
public:
    explicit KeptFiles(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {}

    boost::system::result<std::string, FileError> read(const std::string& path) const override;
    std::vector<std::string> matching(const std::string& pattern) const override;

private:
    std::map<std::string, std::string> texts_;
};

}  // namespace vipd
