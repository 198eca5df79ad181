#pragma once
// Short names for tables in tests, and printers for what CHECK compares.

#include "ipvs/backend.hpp"
#include "ipvs/change.hpp"
#include "ipvs/table.hpp"

#include <cerrno>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace vipd::ipvs {

inline ServiceKey tcp(const std::string& endpoint) {
    return VirtualEndpoint{Protocol::tcp, Endpoint::parse(endpoint).value()};
}

const ServiceKey vip = tcp("203.0.113.10:443");
const KernelError out_of_memory{ENOMEM, "Cannot allocate memory"};

inline ServiceKey udp(const std::string& endpoint) {
    return VirtualEndpoint{Protocol::udp, Endpoint::parse(endpoint).value()};
}

inline DestinationKey server(const std::string& endpoint) {
    const auto parsed = Endpoint::parse(endpoint).value();
    return {parsed.address, parsed.port};
}

inline Destination weighing(std::int32_t weight) {
    Destination destination;
    destination.weight = weight;
    return destination;
}

inline Service pool(const std::vector<std::pair<std::string, std::int32_t>>& servers) {
    Service service;
    for (const auto& [endpoint, weight] : servers) {
        service.destinations[server(endpoint)] = weighing(weight);
    }
    return service;
}

/// Every service of it.
inline WantedServices wanted_of(const Table& table) {
    return {table.begin(), table.end()};
}

inline std::ostream& operator<<(std::ostream& out, const ServiceKey& key) {
    return out << to_string(key);
}
inline std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << to_string(change);
}
inline std::ostream& operator<<(std::ostream& out, const KernelError& error) {
    return out << error.code << " " << error.text;
}
inline std::ostream& operator<<(std::ostream& out, const Applied& applied) {
    out << to_string(applied.change);
    if (applied.error) out << " refused: " << *applied.error;
    return out;
}
inline std::ostream& operator<<(std::ostream& out, const Destination& destination) {
    return out << to_string(destination.forwarding) << " weight " << destination.weight
               << " tunnel " << static_cast<int>(destination.tunnel.type) << ":"
               << destination.tunnel.port << "/" << static_cast<int>(destination.tunnel.checksum)
               << " thresholds " << destination.lower_threshold << ".."
               << destination.upper_threshold;
}
inline std::ostream& operator<<(std::ostream& out, const Service& service) {
    out << service.options.scheduler << "/" << service.options.scheduler_flags;
    if (service.options.persistence) {
        out << " persistent " << service.options.persistence->timeout_seconds << "/"
            << int{service.options.persistence->prefix_length}
            << service.options.persistence->engine;
    }
    if (service.options.one_packet) out << " one-packet";
    for (const auto& [key, destination] : service.destinations) {
        out << "\n  " << to_string(key) << " " << destination;
    }
    return out;
}

inline std::vector<std::string> texts(const std::vector<Change>& changes) {
    std::vector<std::string> lines;
    for (const Change& change : changes)
        lines.push_back(to_string(change));
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace vipd::ipvs
