#pragma once
// Values to generic-netlink messages of the kernel's IPVS family and back (linux/ip_vs.h). Bytes
// only, no socket.

#include "ipvs/change.hpp"
#include "ipvs/statistics.hpp"
#include "ipvs/table.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vipd::ipvs {

using Bytes = std::vector<std::uint8_t>;

/// What goes into the header of a request.
struct Envelope {
    std::uint16_t family = 0;  // the number that the kernel gave the IPVS family
    std::uint32_t port = 0;  // ours
    std::uint32_t sequence = 0;
};

/// Requests are appended to `to`, padded so that several in a row are one datagram.
/// A write is answered by one Answer with its sequence number.
void append_change(Bytes& to, const Envelope& envelope, const Change& change);
/// Is answered by a service, or an Answer with ESRCH.
void append_get_service(Bytes& to, const Envelope& envelope, const ServiceKey& service);
/// Are answered by as many services or destinations as there are, then an end.
void append_dump_services(Bytes& to, const Envelope& envelope);
void append_dump_destinations(Bytes& to, const Envelope& envelope, const ServiceKey& service);
/// Is answered by the timeouts.
void append_get_timeouts(Bytes& to, const Envelope& envelope);
/// Is answered by one Answer.
void append_set_timeouts(Bytes& to, const Envelope& envelope, const Timeouts& timeouts);

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
