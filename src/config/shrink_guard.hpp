#pragma once
// Refuses a reload or list update that takes away so much that it is more likely a mistake than a
// wish. Pure.

#include "src/config/config.hpp"

#include <string>
#include <vector>

namespace vipd {

/// Why this change needs `--allow-shrink`, one sentence each; empty: it does not. Judged per
/// service and family, and over all: a pool that is emptied; enabled servers that fall below the
/// pool's floor as it was; more than 30 % of all servers or of all services gone, from 4 up. A
/// service that is removed on purpose counts for the last only.
std::vector<std::string> shrink_objections(const Config& before, const Config& after);

}  // namespace vipd
