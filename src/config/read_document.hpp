#pragma once
// From a JSON document to a Config, section by section, without looking across sections. Pure.

#include "src/config/config.hpp"
#include "src/config/json_document.hpp"
#include "src/config/problems.hpp"
#include "src/config/read_group.hpp"

#include <string>

namespace vipd {

/// `lists` are the server lists that groups name, `node` is the default for "node".
Config read_document(const JsonValue& root, const Folders& folders, const ServerLists& lists,
                     const std::string& node, Problems& problems);

}  // namespace vipd
