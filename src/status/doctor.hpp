#pragma once
// What `vipctl doctor` is answered: what stands in the way of the services, and the remedies. Pure.

#include "ipvs/guard_rails.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vipd {

struct Finding {
    /// Absent: it is about the host.
    std::optional<std::string> service;
    ipvs::Problem problem;

    bool operator==(const Finding&) const = default;
};

/// The body of /v1/doctor.
std::string doctor_json(const std::string& node, const std::vector<Finding>& findings);

}  // namespace vipd
