#pragma once
// Reads what `vipctl doctor` judges: /proc/sys, /sys, and the routes to tunnel destinations.
// Changes nothing; needs no privilege. Blocking; any thread but the kernel thread.

#include "ipvs/doctor.hpp"
#include "ipvs/table.hpp"

#include <filesystem>

namespace vipd::ipvs {

/// `root`: "/" but in tests. `services`: whose tunnels' ways are looked up.
HostFacts read_host_facts(const std::filesystem::path& root, const Table& services);

}  // namespace vipd::ipvs
