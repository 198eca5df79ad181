#pragma once
// Tables drawn from a seeded generator: anything that the kernel takes, out of few names, so that
// two of them overlap.

#include "ipvs/table.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <cstdint>
#include <random>

namespace vipd::ipvs {

class RandomTables {
public:
    explicit RandomTables(std::uint32_t seed) : random_(seed) {}

    Table table() {
        Table table;
        const int services = up_to(8);
        for (int i = 0; i < services; ++i) {
            const ServiceKey service = key();
            table[service] = this->service(family(service));
        }
        return table;
    }

private:
    int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
    bool maybe() { return up_to(1) == 1; }

    Address address(Family family, int base) {
        const std::string last = std::to_string(base + up_to(4));
        return Address::parse(family == Family::ipv4 ? "10.1.0." + last : "2001:db8::" + last)
            .value();
    }

    ServiceKey key() {
        const Family family = maybe() ? Family::ipv4 : Family::ipv6;
        if (up_to(4) == 0) return FirewallMark{static_cast<std::uint32_t>(1 + up_to(2)), family};
        const auto port = static_cast<std::uint16_t>(80 + up_to(1));
        return VirtualEndpoint{maybe() ? Protocol::tcp : Protocol::udp,
                               {address(family, 10), port}};
    }

    Service service(Family family) {
        static constexpr const char* schedulers[] = {"rr", "wrr", "wlc", "sh", "mh"};
        Service service;
        service.options.scheduler = schedulers[up_to(4)];
        service.options.scheduler_flags = static_cast<std::uint32_t>(up_to(7)) << 3;
        service.options.one_packet = maybe();
        if (maybe()) {
            const int longest = family == Family::ipv4 ? 32 : 128;
            service.options.persistence =
                Persistence{.timeout_seconds = static_cast<std::uint32_t>(1 + up_to(600)),
                            .prefix_length = static_cast<std::uint8_t>(1 + up_to(longest - 1)),
                            .engine = ""};
        }
        const int servers = up_to(6);
        for (int i = 0; i < servers; ++i)
            add_server(service, family);
        return service;
    }

    void add_server(Service& service, Family family) {
        const bool crosses = up_to(4) == 0;
        const Family other = family == Family::ipv4 ? Family::ipv6 : Family::ipv4;
        Destination destination;
        destination.forwarding = crosses ? Forwarding::tunnel : static_cast<Forwarding>(up_to(2));
        destination.weight = up_to(3);
        destination.upper_threshold = static_cast<std::uint32_t>(up_to(3));
        destination.lower_threshold = std::min(destination.upper_threshold, 1U);
        if (destination.forwarding == Forwarding::tunnel) destination.tunnel = tunnel();
        const DestinationKey key{address(crosses ? other : family, 20),
                                 static_cast<std::uint16_t>(80 + up_to(1))};
        service.destinations[key] = destination;
    }

    Tunnel tunnel() {
        Tunnel tunnel;
        tunnel.type = static_cast<TunnelType>(up_to(2));
        if (tunnel.type == TunnelType::gue) tunnel.port = 6080;
        if (tunnel.type != TunnelType::ipip)
            tunnel.checksum = static_cast<TunnelChecksum>(up_to(2));
        return tunnel;
    }

    std::mt19937 random_;
};

}  // namespace vipd::ipvs
