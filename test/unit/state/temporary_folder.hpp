#pragma once
// A folder that is gone with its object.

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace vipd::test {

class TemporaryFolder {
public:
    TemporaryFolder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_ =
        (std::filesystem::temp_directory_path() / "vipd-state-test-XXXXXX").string();
};

}  // namespace vipd::test
