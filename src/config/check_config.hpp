#pragma once
// What one value cannot tell by itself: references, duplicates, contradictions, and configurations
// that look right and do nothing. Pure.

#include "src/config/config.hpp"
#include "src/config/json_document.hpp"
#include "src/config/problems.hpp"

namespace vipd {

/// Adds what is wrong across a configuration that was read from `root`. Places where reading has
/// found problems already are passed over. `warnings`: what works until something happens.
void check_config(const Config& config, const JsonValue& root, Problems& problems,
                  Problems& warnings);

}  // namespace vipd
