#include "src/config/kernel_service.hpp"

namespace vipd {

Family server_family(const ServiceConfig& service, Family vip_family) {
    return service.outer_family.value_or(vip_family);
}

std::optional<Address> server_address(const ServerConfig& server, Family family) {
    for (const auto& address : server.addresses) {
        if (address.family() == family) return address;
    }
    return std::nullopt;
}

bool may_have_address(const ServerConfig& server, Family family) {
    const bool unresolved = server.host_name && server.addresses.empty();
    return unresolved || server_address(server, family).has_value();
}

ipvs::ServiceKey kernel_key(const ServiceConfig& service, const Address& vip_address) {
    if (service.firewall_mark != 0) {
        return ipvs::FirewallMark{service.firewall_mark, vip_address.family()};
    }
    return ipvs::VirtualEndpoint{service.protocol, {vip_address, service.port}};
}

ipvs::ServiceOptions kernel_options(const ServiceConfig& service, Family vip_family) {
    auto options = service.options;
    if (!service.persistence) return options;
    const auto& configured = *service.persistence;
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    options.persistence = ipvs::Persistence{
        .timeout_seconds =
            static_cast<std::uint32_t>(duration_cast<seconds>(configured.timeout).count()),
        .prefix_length =
            vip_family == Family::ipv4 ? configured.ipv4_prefix : configured.ipv6_prefix,
        .engine = {}};
    return options;
}

std::uint16_t kernel_port(const ServiceConfig& service, const ServerConfig& server) {
    return server.port.value_or(service.port);
}

ipvs::Service kernel_service(const ServiceConfig& service, Family vip_family) {
    ipvs::Service made{.options = kernel_options(service, vip_family), .destinations = {}};
    for (const auto& [name, server] : service.servers) {
        const auto address = server_address(server, server_family(service, vip_family));
        if (!address) continue;
        made.destinations[{*address, kernel_port(service, server)}] = {
            .forwarding = service.forwarding,
            .tunnel = service.tunnel,
            .weight = server.weight,
            .upper_threshold = server.upper_threshold,
            .lower_threshold = server.lower_threshold};
    }
    return made;
}

}  // namespace vipd
