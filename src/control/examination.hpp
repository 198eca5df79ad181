#pragma once
// What `vipctl doctor` says of a configuration on a host. Pure: the daemon reads the host.

#include "ipvs/doctor.hpp"
#include "src/config/config.hpp"
#include "src/status/doctor.hpp"

#include <vector>

namespace vipd {

/// Every service with all its configured servers, as the kernel would have it.
ipvs::Table configured_table(const Config& config);

/// The worst first; among equals the host's before the services'. On the memory backend the host's
/// settings do not matter and are not judged.
std::vector<Finding> examination(const Config& config, const ipvs::Table& services,
                                 const ipvs::HostFacts& host);

}  // namespace vipd
