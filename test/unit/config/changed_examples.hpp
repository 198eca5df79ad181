#pragma once
// etc/vipd.json with one thing wrong, or only other, at a time.

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace vipd::test {

/// The JSON file of this repository, comments left out.
nlohmann::json parse_file(const std::string& path);

/// Of every value in the document, itself included.
std::vector<nlohmann::json::json_pointer> pointers_into(const nlohmann::json& document);

struct ChangedExample {
    std::string what;
    nlohmann::json document;
};

/// Every part missing, of another kind, or with an odd key: some thousand documents, each with
/// little beside the change.
std::vector<ChangedExample> changed_examples();

/// What an operator would be told, but for checks across sections, which no schema can express.
std::vector<std::string> reader_problems(const nlohmann::json& document);

}  // namespace vipd::test
