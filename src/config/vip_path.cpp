#include "src/config/vip_path.hpp"

#include "src/config/kernel_service.hpp"

namespace vipd {

VipPathKey vip_path_key(const ServiceConfig& service, Family vip_family, const Address& address,
                        const ServerConfig& server) {
    // Only nat changes the port; 0 leaves the packet its own.
    const bool nat = service.forwarding == ipvs::Forwarding::nat;
    return {.vip_family = vip_family,
            .server = {address, nat ? kernel_port(service, server) : std::uint16_t{0}},
            .forwarding = service.forwarding,
            .tunnel = service.tunnel,
            .slot = 0};
}

ipvs::Service private_service(const VipPathKey& key) {
    ipvs::Service service;
    service.options.scheduler = "rr";  // every kernel with IPVS has it
    service.destinations[key.server] = {
        .forwarding = key.forwarding, .tunnel = key.tunnel, .weight = 1};
    return service;
}

}  // namespace vipd
