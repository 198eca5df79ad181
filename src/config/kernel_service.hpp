#pragma once
// A configured service in the kernel's words: what its key, options and destinations are for one
// address of its VIP. Pure.

#include "ipvs/table.hpp"
#include "src/config/config.hpp"

#include <optional>

namespace vipd {

/// The family of the addresses that servers are reached by behind a VIP address of `vip_family`.
Family server_family(const ServiceConfig& service, Family vip_family);

/// The server's address of that family.
std::optional<Address> server_address(const ServerConfig& server, Family family);

/// As far as the configuration says: a host name that is not resolved may have an address of any
/// family.
bool may_have_address(const ServerConfig& server, Family family);

ipvs::ServiceKey kernel_key(const ServiceConfig& service, const Address& vip_address);

ipvs::ServiceOptions kernel_options(const ServiceConfig& service, Family vip_family);

/// The destination's port in the kernel: the server's own, else the service's (0 with a firewall
/// mark: the packet's port stays).
std::uint16_t kernel_port(const ServiceConfig& service, const ServerConfig& server);

/// The service with all its configured servers, at their configured weights.
ipvs::Service kernel_service(const ServiceConfig& service, Family vip_family);

}  // namespace vipd
