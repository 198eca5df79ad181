#pragma once
// Values to requests of the kernel's IPVS family (generic netlink, linux/ip_vs.h). Bytes only, no
// socket.
//
// Not by libnl: its way of making a message, an allocation for each and a call for each attribute,
// costs about a fifth of what the kernel then needs to carry the request out, and a table of 40,000
// servers is 40,000 requests.

#include "ipvs/change.hpp"
#include "ipvs/table.hpp"

#include <cstdint>
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

}  // namespace vipd::ipvs
