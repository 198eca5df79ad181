#include "ipvs/host_facts.hpp"

#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>

namespace vipd::ipvs {

namespace {

namespace fs = std::filesystem;

constexpr const char* sysctls[] = {
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/accept_local",
    "net/ipv4/conf/all/arp_ignore",
    "net/ipv4/conf/all/arp_announce",
    "net/ipv4/vs/conntrack",
    "net/ipv4/vs/expire_nodest_conn",
    "net/ipv4/vs/expire_quiescent_template",
    "net/ipv4/vs/conn_reuse_mode",
    "net/ipv4/vs/sloppy_tcp",
};

std::optional<std::int64_t> read_number(const fs::path& file) {
    std::ifstream stream(file);
    std::int64_t value = 0;
    if (!(stream >> value)) return std::nullopt;
    return value;
}

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code ignored;  // a folder that cannot be read has no names
    for (fs::directory_iterator entry(folder, ignored), end; entry != end;
         entry.increment(ignored)) {
        names.insert(entry->path().filename());
    }
    return names;
}

/// The interface that packets to `address` leave by, as the kernel answers.
std::optional<std::string> interface_to(nl_sock* socket, const Address& address) {
    const auto bytes = address.bytes();
    const std::unique_ptr<nl_addr, decltype(&nl_addr_put)> destination(
        nl_addr_build(address.is_ipv4() ? AF_INET : AF_INET6, bytes.data(), bytes.size()),
        nl_addr_put);
    if (!destination) throw std::bad_alloc();
    rtnl_route* found = nullptr;
    if (rtnl_route_lookup(socket, destination.get(), &found) < 0) return std::nullopt;
    const std::unique_ptr<rtnl_route, decltype(&rtnl_route_put)> route(found, rtnl_route_put);
    rtnl_nexthop* hop = rtnl_route_nexthop_n(route.get(), 0);
    if (hop == nullptr) return std::nullopt;
    char name[IF_NAMESIZE];
    const auto index = static_cast<unsigned>(rtnl_route_nh_get_ifindex(hop));
    if (if_indextoname(index, name) == nullptr) return std::nullopt;
    return name;
}

std::set<Address> tunnel_and_dr_servers(const Table& services) {
    std::set<Address> servers;
    for (const auto& [service, value] : services) {
        for (const auto& [key, destination] : value.destinations) {
            if (destination.forwarding != Forwarding::nat) servers.insert(key.address);
        }
    }
    return servers;
}

void read_ways(const fs::path& root, const Table& services, HostFacts& facts) {
    const std::unique_ptr<nl_sock, decltype(&nl_socket_free)> socket(nl_socket_alloc(),
                                                                     nl_socket_free);
    if (!socket || nl_connect(socket.get(), NETLINK_ROUTE) < 0) return;
    for (const Address& address : tunnel_and_dr_servers(services)) {
        const auto interface = interface_to(socket.get(), address);
        if (!interface) continue;
        facts.interface_to[address] = *interface;
        const auto mtu = read_number(root / "sys/class/net" / *interface / "mtu");
        if (mtu) facts.mtu_to[address] = static_cast<std::uint32_t>(*mtu);
    }
}

}  // namespace

HostFacts read_host_facts(const fs::path& root, const Table& services) {
    HostFacts facts;
    facts.interfaces = names_in(root / "sys/class/net");
    facts.interfaces.erase("lo");
    const auto read = [&](const std::string& name) {
        const auto value = read_number(root / "proc/sys" / name);
        if (value) facts.sysctls[name] = *value;
    };
    for (const char* name : sysctls)
        read(name);
    for (const std::string& interface : facts.interfaces) {
        read("net/ipv4/conf/" + interface + "/rp_filter");
        read("net/ipv4/conf/" + interface + "/accept_local");
    }
    for (const std::string& module : names_in(root / "sys/module")) {
        if (module.starts_with("ip_vs_")) facts.modules.insert(module);
    }
    read_ways(root, services, facts);
    return facts;
}

}  // namespace vipd::ipvs
