#pragma once
// What of the host's settings stands in the way of the services: `vipctl doctor`. Reads only,
// changes nothing. The judgement is pure; host_facts.hpp reads what it judges.

#include "ipvs/guard_rails.hpp"
#include "ipvs/table.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vipd::ipvs {

/// What the host is like. What could not be read is absent, and not judged.
struct HostFacts {
    /// Value by name below /proc/sys, "net/ipv4/ip_forward".
    std::map<std::string, std::int64_t> sysctls{};
    /// Interfaces, without lo.
    std::set<std::string> interfaces{};
    /// Modules in the kernel, as far as schedulers go: "ip_vs_mh".
    std::set<std::string> modules{};
    /// The interface that packets to a destination leave by (tunnel and dr only), and its MTU.
    std::map<Address, std::string> interface_to{};
    std::map<Address, std::uint32_t> mtu_to{};
};

/// What is known about the site and cannot be read from the host.
struct SiteFacts {
    /// Several balancers announce the same VIPs and a router spreads flows over them (ECMP).
    bool several_balancers = true;
    /// Servers that are probed through an IPv4 VIP by tunnel or dr: their answers come from an
    /// address that is also this host's.
    std::set<Address> probed_through_vip{};
};

/// What there is to say, the worst first. `services`: as wanted.
std::vector<Problem> examine(const HostFacts& host, const SiteFacts& site, const Table& services);

}  // namespace vipd::ipvs
