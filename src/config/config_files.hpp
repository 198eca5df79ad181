#pragma once
// What reading a configuration needs of the file system: whole files, and names that match a
// pattern. From the disk, or from texts that were kept (the last accepted configuration; tests).

#include <boost/system/result.hpp>

#include <map>
#include <set>
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

/// The named files from one source, all others from another. Both must outlive it.
class LayeredFiles : public ConfigFiles {
public:
    LayeredFiles(const ConfigFiles& others, const ConfigFiles& named, std::set<std::string> names)
        : others_(others), named_(named), names_(std::move(names)) {}

    boost::system::result<std::string, FileError> read(const std::string& path) const override {
        return names_.contains(path) ? named_.read(path) : others_.read(path);
    }
    std::vector<std::string> matching(const std::string& pattern) const override {
        return others_.matching(pattern);
    }

private:
    const ConfigFiles& others_;
    const ConfigFiles& named_;
    std::set<std::string> names_;
};

}  // namespace vipd
