// Configurations, and whether the reader accepts them: a JSON object a line, for schema_test.py to
// ask the schema.

#include "test/unit/config/changed_examples.hpp"

#include <cstdio>

using namespace vipd::test;

namespace {

void tell(const std::string& what, const nlohmann::json& document) {
    const nlohmann::json line{
        {"what", what}, {"problems", reader_problems(document)}, {"document", document}};
    std::puts(line.dump().c_str());
}

}  // namespace

int main() {
    for (const auto* name : {"etc/vipd.json", "etc/minimal.json"})
        tell(name, parse_file(name));
    for (const auto& example : changed_examples())
        tell(example.what, example.document);
}
