#include "test/unit/status/golden.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace vipd {

std::string golden(const std::string& name, const std::string& actual) {
    const auto path = std::string(GOLDEN_FOLDER "/") + name;
    if (std::getenv("VIPD_REWRITE_GOLDEN") != nullptr) std::ofstream(path) << actual;
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string pretty_json(const std::string& json) {
    return nlohmann::ordered_json::parse(json).dump(2) + "\n";
}

}  // namespace vipd
