// Configurations, and whether the reader accepts them: a JSON object a line, for schema_test.py to
// ask the schema. Hidden: it tests nothing by itself.

#include "test/unit/config/changed_examples.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace vipd::test;

namespace {

void tell_case(const std::string& what, const nlohmann::json& document) {
    const nlohmann::json line{
        {"what", what}, {"problems", reader_problems(document)}, {"document", document}};
    std::puts(line.dump().c_str());
}

}  // namespace

TEST_CASE("documents for schema_test.py", "[.][documents]") {
    for (const auto* name : {"etc/vipd.json", "etc/minimal.json"})
        tell_case(name, parse_file(name));
    for (const auto& example : changed_examples())
        tell_case(example.what, example.document);
}
