#include "ipvs/table.hpp"

#include "src/base/overloaded.hpp"

namespace vipd::ipvs {

Family family(const ServiceKey& key) {
    return std::visit(
        overloaded{
            [](const VirtualEndpoint& virt) { return virt.endpoint.address.family(); },
            [](const FirewallMark& mark) { return mark.family; },
        },
        key);
}

std::string to_string(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "tcp";
        case Protocol::udp:
            return "udp";
    }
    return "protocol-" + std::to_string(static_cast<unsigned>(protocol));
}

std::string to_string(Forwarding forwarding) {
    switch (forwarding) {
        case Forwarding::nat:
            return "nat";
        case Forwarding::dr:
            return "dr";
        case Forwarding::tunnel:
            return "tunnel";
    }
    return "forwarding-" + std::to_string(static_cast<unsigned>(forwarding));
}

std::string to_string(const ServiceKey& key) {
    return std::visit(overloaded{
                          [](const VirtualEndpoint& virt) {
                              return to_string(virt.protocol) + " " + virt.endpoint.to_string();
                          },
                          [](const FirewallMark& mark) {
                              return "fwmark " + std::to_string(mark.mark) + " " +
                                     std::string(to_string(mark.family));
                          },
                      },
                      key);
}

std::string to_string(const DestinationKey& key) {
    return Endpoint{key.address, key.port}.to_string();
}

}  // namespace vipd::ipvs
