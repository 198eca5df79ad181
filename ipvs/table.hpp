#pragma once
// The IPVS table as values: what the kernel has, or what we want it to have. Comparable, printable,
// no I/O. Words are the kernel's (include/uapi/linux/ip_vs.h): service, destination, forwarding,
// scheduler.

#include "src/base/address.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace vipd::ipvs {

/// IP protocol number. Others than these (sctp) can be read from the kernel and stay numbers.
enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };

/// A service named by address: what `ipvsadm -A -t 203.0.113.10:443` creates.
struct VirtualEndpoint {
    Protocol protocol = Protocol::tcp;
    Endpoint endpoint;

    auto operator<=>(const VirtualEndpoint&) const = default;
};

/// A service named by firewall mark (`ipvsadm -A -f 7`, with -6 for IPv6).
struct FirewallMark {
    std::uint32_t mark = 0;
    Family family = Family::ipv4;

    auto operator<=>(const FirewallMark&) const = default;
};

/// What identifies a service in the kernel.
using ServiceKey = std::variant<VirtualEndpoint, FirewallMark>;

Family family(const ServiceKey& key);

/// Scheduler flags; values are the kernel's IP_VS_SVC_F_SCHED1..3, whose meaning depends on the
/// scheduler: sh: 1 fallback, 2 port; mh: the same.
enum class SchedulerFlag : std::uint32_t { fallback = 0x0008, port = 0x0010, third = 0x0020 };

struct Persistence {
    std::uint32_t timeout_seconds = 300;
    /// IPv4: prefix length 1..32 of the client group; IPv6: 1..128. Read as 0: a mask with holes,
    /// never ours.
    std::uint8_t prefix_length = 32;
    /// Persistence engine, "sip" is the only one; empty is none.
    std::string engine{};

    auto operator<=>(const Persistence&) const = default;
};

/// Another number than these is a method that only the kernel or a stranger sets, kept as read.
enum class Forwarding : std::uint8_t { nat, dr, tunnel };

enum class TunnelType : std::uint8_t { ipip = 0, gue = 1, gre = 2 };
enum class TunnelChecksum : std::uint8_t { none = 0, full = 1, remote = 2 };

struct Tunnel {
    TunnelType type = TunnelType::ipip;
    /// Destination UDP port, host order; only for gue, else 0.
    std::uint16_t port = 0;
    TunnelChecksum checksum = TunnelChecksum::none;

    auto operator<=>(const Tunnel&) const = default;
};

struct DestinationKey {
    Address address;
    /// 0 only in firewall-mark services: the port of the packet stays.
    std::uint16_t port = 0;

    auto operator<=>(const DestinationKey&) const = default;
};

struct Destination {
    Forwarding forwarding = Forwarding::tunnel;
    Tunnel tunnel{};
    /// 0..65535; 0 takes no new connections.
    std::int32_t weight = 1;
    /// Connection thresholds, 0 is none.
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;

    auto operator<=>(const Destination&) const = default;
};

struct ServiceOptions {
    std::string scheduler = "wrr";
    /// SchedulerFlag values or-ed together.
    std::uint32_t scheduler_flags = 0;
    std::optional<Persistence> persistence{};
    bool one_packet = false;

    bool operator==(const ServiceOptions&) const = default;
};

using Destinations = std::map<DestinationKey, Destination>;

struct Service {
    ServiceOptions options{};
    Destinations destinations{};

    bool operator==(const Service&) const = default;
};

using Table = std::map<ServiceKey, Service>;

/// What shall be for the services named; nothing: the service shall not exist. Services not named
/// are somebody else's.
using WantedServices = std::map<ServiceKey, std::optional<Service>>;

/// Idle time after which the kernel forgets a connection, for the whole network namespace; 0 leaves
/// one as it is.
struct Timeouts {
    std::uint32_t tcp_seconds = 0;
    std::uint32_t tcp_fin_seconds = 0;
    std::uint32_t udp_seconds = 0;

    bool operator==(const Timeouts&) const = default;
};

/// "tcp 203.0.113.10:443", "udp [2001:db8::1]:53", "fwmark 7 ipv6": as logs and events name it.
std::string to_string(const ServiceKey& key);
/// "10.0.0.11:443"
std::string to_string(const DestinationKey& key);
std::string to_string(Protocol protocol);
std::string to_string(Forwarding forwarding);

}  // namespace vipd::ipvs
