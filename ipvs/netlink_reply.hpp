#pragma once
// What the kernel's IPVS family answers (generic netlink, linux/ip_vs.h), as values. Bytes only, no
// socket.

#include "ipvs/statistics.hpp"
#include "ipvs/table.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vipd::ipvs {

struct ServiceMessage {
    ServiceKey key;
    ServiceOptions options;
    Counters counters;
};

struct DestinationMessage {
    DestinationKey key;
    Destination destination;
    DestinationStatistics statistics;
};

/// The kernel's verdict on a request: error 0 is done.
struct Answer {
    int error = 0;  // errno, positive
    std::string text;  // the kernel's own words, mostly empty
};

/// One message out of a datagram. The views are into the datagram.
struct Message {
    std::uint32_t sequence = 0;
    bool is_end = false;  // of a dump
    bool is_interrupted = false;  // the table changed during the dump: it may be incomplete
    std::optional<Answer> answer;
    std::span<const std::uint8_t> bytes;
};

/// Splits a datagram as received; what is cut short is dropped.
std::vector<Message> split(std::span<const std::uint8_t> datagram);

/// Nothing: not such a message, or an attribute is missing or of a wrong size.
std::optional<ServiceMessage> read_service(const Message& message);
/// `service_family`: of the service it belongs to, for kernels that do not say (before 3.18).
std::optional<DestinationMessage> read_destination(const Message& message, Family service_family);
std::optional<Timeouts> read_timeouts(const Message& message);

}  // namespace vipd::ipvs
