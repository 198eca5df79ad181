#pragma once
// What a dialogue has found, as one line to compare.

#include "monitors/dialogue.hpp"

#include <optional>
#include <string>

namespace vipd::monitors {

inline std::string said(const std::optional<Finding>& finding) {
    if (!finding) return "more";
    return (finding->success ? "+" : "-") + finding->reason.code + ": " + finding->reason.text;
}

}  // namespace vipd::monitors
