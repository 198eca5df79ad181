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
    /// The MTU of the interface on the way to a destination.
    std::map<Address, std::uint32_t> mtu_to{};
};

/// What is known about the site and cannot be read from the host.
struct SiteFacts {
    /// Several balancers announce the same VIPs and a router spreads flows over them (ECMP).
    bool several_balancers = true;
};

/// What there is to say, the worst first. `services`: as wanted.
std::vector<Problem> examine(const HostFacts& host, const SiteFacts& site, const Table& services);

}  // namespace vipd::ipvs
