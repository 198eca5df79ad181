#include "ipvs/doctor.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace vipd::ipvs {

namespace {

/// Bytes that a tunnel puts in front of a packet (net/netfilter/ipvs/ip_vs_xmit.c,
/// __ip_vs_get_out_rt).
std::uint32_t overhead(const Tunnel& tunnel, Family outer) {
    const std::uint32_t header = outer == Family::ipv4 ? 20 : 40;
    switch (tunnel.type) {
        case TunnelType::ipip:
            return header;
        case TunnelType::gue:  // UDP, GUE, and its private data for remote checksum offload
            return header + 8 + 4 + (tunnel.checksum == TunnelChecksum::remote ? 8 : 0);
        case TunnelType::gre:
            return header + (tunnel.checksum == TunnelChecksum::full ? 8 : 4);
    }
    return header;
}

class Examination {
public:
    Examination(const HostFacts& host, const SiteFacts& site, const Table& services)
        : host_(host), site_(site), services_(services) {}

    std::vector<Problem> run() && {
        check_forwarding();
        check_reverse_path();
        check_probes_through_vip();
        check_arp();
        check_conntrack();
        check_expiry();
        check_reuse();
        check_sloppy();
        check_modules();
        check_mtu();
        std::ranges::stable_sort(problems_, std::ranges::greater{}, &Problem::severity);
        return std::move(problems_);
    }

private:
    void found(Severity severity, std::string code, std::string what, std::string remedy) {
        problems_.push_back(
            {severity, std::move(code), std::move(what), std::move(remedy), std::nullopt});
    }

    std::optional<std::int64_t> sysctl(const std::string& name) const {
        const auto entry = host_.sysctls.find(name);
        return entry == host_.sysctls.end() ? std::nullopt : std::optional(entry->second);
    }

    template <class Predicate>
    bool any_destination(Predicate predicate) const {
        return std::ranges::any_of(services_, [&](const auto& service) {
            return std::ranges::any_of(service.second.destinations, [&](const auto& destination) {
                return predicate(service.first, destination.second);
            });
        });
    }

    bool uses(Forwarding method) const {
        return any_destination([&](const ServiceKey&, const Destination& destination) {
            return destination.forwarding == method;
        });
    }

    bool uses(Forwarding method, Family of_vip) const {
        return any_destination([&](const ServiceKey& key, const Destination& destination) {
            return destination.forwarding == method && family(key) == of_vip;
        });
    }

    template <class Predicate>
    bool any_service(Predicate predicate) const {
        return std::ranges::any_of(services_, [&](const auto& service) {
            return predicate(service.first, service.second.options);
        });
    }

    // Answers of nat servers pass through this host's forwarding.
    void check_forwarding() {
        if (uses(Forwarding::nat, Family::ipv4) && sysctl("net/ipv4/ip_forward") == 0) {
            found(Severity::error, "ip-forward", "nat servers cannot answer through this host",
                  "set net.ipv4.ip_forward = 1");
        }
        if (uses(Forwarding::nat, Family::ipv6) && sysctl("net/ipv6/conf/all/forwarding") == 0) {
            found(Severity::error, "ip-forward", "IPv6 nat servers cannot answer through this host",
                  "set net.ipv6.conf.all.forwarding = 1");
        }
    }

    // The larger of "all" and the interface's counts (net/ipv4/fib_frontend.c, IN_DEV_RPFILTER).
    void check_reverse_path() {
        if (!any_service([](const ServiceKey& key, const ServiceOptions&) {
                return family(key) == Family::ipv4;
            })) {
            return;
        }
        const auto all = sysctl("net/ipv4/conf/all/rp_filter");
        for (const std::string& interface : host_.interfaces) {
            const auto own = sysctl("net/ipv4/conf/" + interface + "/rp_filter");
            if (!all || !own || std::max(*all, *own) != 1) continue;
            found(Severity::warning, "rp-filter",
                  "clients whose way back is not by " + interface + " are dropped without a trace",
                  "set net.ipv4.conf." + interface + ".rp_filter = 2 (and conf.all not to 1)");
        }
    }

    // An answer from one of our own addresses is dropped as forged without accept_local, of which
    // the larger of "all" and the interface's counts (net/ipv4/fib_frontend.c,
    // IN_DEV_ACCEPT_LOCAL).
    void check_probes_through_vip() {
        std::set<std::string> told;
        const auto all = sysctl("net/ipv4/conf/all/accept_local");
        for (const Address& server : site_.probed_through_vip) {
            const auto interface = host_.interface_to.find(server);
            if (interface == host_.interface_to.end()) continue;
            const auto& name = interface->second;
            const auto own = sysctl("net/ipv4/conf/" + name + "/accept_local");
            if (!all || !own || std::max(*all, *own) != 0 || !told.insert(name).second) continue;
            found(Severity::error, "accept-local",
                  "answers to probes through the VIP that arrive by " + name +
                      " are dropped, as they come from the VIP, which is this host's too",
                  "set net.ipv4.conf." + name + ".accept_local = 1");
        }
    }

    // VIPs are on lo: with the defaults this host answers ARP for them on every interface.
    void check_arp() {
        if (!any_service([](const ServiceKey& key, const ServiceOptions&) {
                return family(key) == Family::ipv4 && std::holds_alternative<VirtualEndpoint>(key);
            })) {
            return;
        }
        if (sysctl("net/ipv4/conf/all/arp_ignore") == 0) {
            found(Severity::hint, "arp-ignore",
                  "this host answers ARP for VIPs that only routing shall lead here",
                  "set net.ipv4.conf.all.arp_ignore = 1");
        }
        if (sysctl("net/ipv4/conf/all/arp_announce") == 0) {
            found(Severity::hint, "arp-announce", "this host may name a VIP as sender in ARP",
                  "set net.ipv4.conf.all.arp_announce = 2");
        }
    }

    void check_conntrack() {
        if (sysctl("net/ipv4/vs/conntrack") == 1 && uses(Forwarding::tunnel)) {
            found(Severity::warning, "conntrack",
                  "connection tracking of IPVS broke tunnels where this was measured, and costs "
                  "memory for each connection",
                  "set net.ipv4.vs.conntrack = 0 unless nat servers are behind a stateful firewall "
                  "here");
        }
    }

    void check_expiry() {
        if (!services_.empty() && sysctl("net/ipv4/vs/expire_nodest_conn") == 0) {
            found(Severity::warning, "expire-nodest-conn",
                  "packets of connections to a removed server vanish until the connection times "
                  "out, and those of new ones that use its port again; udp clients stay stuck",
                  "set net.ipv4.vs.expire_nodest_conn = 1");
        }
        if (sysctl("net/ipv4/vs/expire_quiescent_template") != 0) return;
        if (any_service([](const ServiceKey&, const ServiceOptions& options) {
                return options.persistence.has_value();
            })) {
            found(Severity::warning, "expire-quiescent-template",
                  "persistent clients stay with a server that is drained",
                  "set net.ipv4.vs.expire_quiescent_template = 1");
        }
    }

    void check_reuse() {
        if (!services_.empty() && sysctl("net/ipv4/vs/conn_reuse_mode") == 0) {
            found(Severity::warning, "conn-reuse-mode",
                  "a client that uses a port again is sent to the earlier server whatever its "
                  "weight",
                  "set net.ipv4.vs.conn_reuse_mode = 1");
        }
    }

    // Measured: of 30 flows moved to another balancer all were lost without sloppy_tcp, none with
    // it and mh.
    void check_sloppy() {
        if (!site_.several_balancers) return;
        const auto is_tcp = [](const ServiceKey& key, const ServiceOptions&) {
            const auto* endpoint = std::get_if<VirtualEndpoint>(&key);
            return endpoint == nullptr || endpoint->protocol == Protocol::tcp;
        };
        if (any_service(is_tcp) && sysctl("net/ipv4/vs/sloppy_tcp") == 0) {
            found(Severity::warning, "sloppy-tcp",
                  "a connection that a router moves here from another balancer is lost",
                  "set net.ipv4.vs.sloppy_tcp = 1");
        }
        if (any_service([&](const ServiceKey& key, const ServiceOptions& options) {
                return is_tcp(key, options) && options.scheduler != "mh" &&
                       options.scheduler != "sh";
            })) {
            found(Severity::hint, "scheduler-not-consistent",
                  "balancers that share a VIP send the same client to different servers with "
                  "schedulers other than mh",
                  "use mh if routers may move connections");
        }
    }

    void check_modules() {
        std::set<std::string> missing;
        for (const auto& [key, service] : services_) {
            const std::string module = "ip_vs_" + service.options.scheduler;
            if (!host_.modules.contains(module)) missing.insert(module);
        }
        for (const std::string& module : missing) {
            found(Severity::hint, "scheduler-not-loaded", module + " is not in the kernel yet",
                  "name it in /etc/modules-load.d, so that the first service needs no module "
                  "loading");
        }
    }

    void check_mtu() {
        std::set<DestinationKey> told;
        for (const auto& [service, options] : services_) {
            for (const auto& [key, destination] : options.destinations) {
                if (destination.forwarding != Forwarding::tunnel) continue;
                if (told.insert(key).second) check_mtu(key, destination.tunnel);
            }
        }
    }

    // Ethernet's 1500 is what arrives from clients.
    void check_mtu(const DestinationKey& key, const Tunnel& tunnel) {
        const auto mtu = host_.mtu_to.find(key.address);
        const std::uint32_t needed = 1500 + overhead(tunnel, key.address.family());
        if (mtu == host_.mtu_to.end() || mtu->second >= needed) return;
        const auto room =
            static_cast<std::int64_t>(mtu->second) - overhead(tunnel, key.address.family());
        problems_.push_back(
            {Severity::warning, "tunnel-mtu",
             "full packets do not fit into the tunnel to " + key.address.to_string() + " (MTU " +
                 std::to_string(mtu->second) + ", needed " + std::to_string(needed) + ")",
             "raise the MTU on the way, or have the server offer an MSS of at most " +
                 std::to_string(room - 40) + " (IPv6: " + std::to_string(room - 60) + ")",
             key});
    }

    const HostFacts& host_;
    const SiteFacts& site_;
    const Table& services_;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> examine(const HostFacts& host, const SiteFacts& site, const Table& services) {
    return Examination(host, site, services).run();
}

}  // namespace vipd::ipvs
