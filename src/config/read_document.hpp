#pragma once
// From a JSON document to a Config, section by section, without looking across sections. Pure.

#include "src/config/config.hpp"
#include "src/config/json_document.hpp"
#include "src/config/problems.hpp"

#include <string>

namespace vipd {

/// `folder` is where relative paths start, `node` the default for "node".
Config read_document(const JsonValue& root, const std::string& folder, const std::string& node,
                     Problems& problems);

}  // namespace vipd
