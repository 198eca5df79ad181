#pragma once
// What must fit together for probes through VIPs. Pure.

#include "src/config/config.hpp"

#include <functional>
#include <string>

namespace vipd {

/// Told of each problem: a JSON pointer, what was found there, and what is accepted.
using ReportProblem =
    std::function<void(std::string pointer, std::string found, std::string accepted)>;

void check_vip_paths(const Config& config, const ReportProblem& report);

}  // namespace vipd
