#pragma once
// What the kernel counts, beside the table: it changes all the time and never leads to a write.

#include "ipvs/table.hpp"

#include <cstdint>
#include <map>

namespace vipd::ipvs {

/// Since the entry was made. Rates are the kernel's own estimates over its last two-second period.
struct Counters {
    std::uint64_t connections = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t connections_per_second = 0;
    std::uint64_t packets_in_per_second = 0;
    std::uint64_t packets_out_per_second = 0;
    std::uint64_t bytes_in_per_second = 0;
    std::uint64_t bytes_out_per_second = 0;

    bool operator==(const Counters&) const = default;
};

struct DestinationStatistics {
    Counters counters;
    /// Established; everything else (half open, closing, UDP); persistence templates.
    std::uint32_t active_connections = 0;
    std::uint32_t inactive_connections = 0;
    std::uint32_t persistent_connections = 0;

    bool operator==(const DestinationStatistics&) const = default;
};

struct ServiceStatistics {
    Counters counters;
    std::map<DestinationKey, DestinationStatistics> destinations;

    bool operator==(const ServiceStatistics&) const = default;
};

using Statistics = std::map<ServiceKey, ServiceStatistics>;

}  // namespace vipd::ipvs
