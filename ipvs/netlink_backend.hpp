#pragma once
// The kernel's own table, through generic netlink.

#include "ipvs/backend.hpp"

#include <memory>

namespace vipd::ipvs {

/// Opens the table of the network namespace that the calling thread is in. Throws
/// std::runtime_error with the remedy in its text when the kernel has no IPVS or we lack
/// CAP_NET_ADMIN.
std::unique_ptr<Backend> open_kernel_table();

/// The host's addresses, through route netlink. Throws std::runtime_error.
std::unique_ptr<AddressBackend> open_host_addresses();

}  // namespace vipd::ipvs
