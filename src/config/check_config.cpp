#include "src/config/check_config.hpp"

#include "ipvs/guard_rails.hpp"
#include "src/config/check_vip_paths.hpp"
#include "src/config/kernel_service.hpp"
#include "src/config/object_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

// RFC 6901 §4: ~1 is /, ~0 is ~.
std::string unescaped(std::string_view token) {
    std::string key;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool escape = token[i] == '~' && i + 1 < token.size();
        key += !escape ? token[i] : token[i + 1] == '1' ? '/' : '~';
        if (escape) ++i;
    }
    return key;
}

const JsonValue* child(const JsonValue& value, std::string_view token) {
    if (value.is(Kind::object)) {
        const auto* member = value.find(unescaped(token));
        return member == nullptr ? nullptr : &member->value;
    }
    std::size_t index = 0;
    const auto* end = token.data() + token.size();
    const auto [rest, error] = std::from_chars(token.data(), end, index);
    const bool valid = error == std::errc{} && rest == end && index < value.elements.size();
    return valid ? &value.elements[index] : nullptr;
}

// The value at a pointer, or the innermost one on the way that exists: where a missing key should
// be written.
const JsonValue& innermost(const JsonValue& root, std::string_view pointer) {
    const auto* at = &root;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const auto slash = std::min(pointer.find('/'), pointer.size());
        const auto* next = child(*at, pointer.substr(0, slash));
        if (next == nullptr) break;
        at = next;
        pointer.remove_prefix(slash);
    }
    return *at;
}

template <class T>
std::vector<std::string> names_of(const std::map<std::string, T>& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map)
        names.push_back(name);
    return names;
}

class Checker {
public:
    Checker(const Config& config, const JsonValue& root, Problems& problems, Problems& warnings)
        : config_(config), root_(root), problems_(problems), warnings_(warnings) {}

    void run() {
        check_vips();
        check_services();
        check_vip_paths(config_,
                        [this](std::string pointer, std::string found, std::string accepted) {
                            report(std::move(pointer), std::move(found), std::move(accepted));
                        });
        if (config_.bgp) check_bgp(*config_.bgp);
        check_paths();
        for (auto& problem : found_) {
            problems_.add(problem.position, std::move(problem.pointer), std::move(problem.found),
                          std::move(problem.accepted));
        }
    }

private:
    void report(std::string pointer, std::string found, std::string accepted) {
        if (problems_.touches(pointer)) return;
        found_.push_back({.position = innermost(root_, pointer).position,
                          .pointer = std::move(pointer),
                          .found = std::move(found),
                          .accepted = std::move(accepted)});
    }

    // --- VIPs ---

    void check_vips() {
        std::map<Address, std::string> owners;
        const auto services = services_by_vip();
        for (const auto& [name, vip] : config_.vips) {
            const auto pointer = pointer_to("/vips", name);
            check_vip_addresses(name, vip, pointer + "/addresses", owners);
            const auto mine = services.find(name);
            check_when(vip, mine == services.end() ? 0 : mine->second, pointer);
        }
    }

    std::map<std::string, std::size_t> services_by_vip() const {
        std::map<std::string, std::size_t> counts;
        for (const auto& [name, service] : config_.services)
            ++counts[service.vip];
        return counts;
    }

    void check_vip_addresses(const std::string& name, const VipConfig& vip,
                             const std::string& pointer, std::map<Address, std::string>& owners) {
        std::map<Family, std::size_t> families;
        for (std::size_t i = 0; i < vip.addresses.size(); ++i) {
            const auto& address = vip.addresses[i];
            const auto at = pointer_to(pointer, i);
            if (!is_announceable(address)) {
                report(at, address.to_string(),
                       "a unicast address that routers can send to this host");
            }
            if (++families[address.family()] == 2) {
                report(at, "a second " + std::string(to_string(address.family())) + " address",
                       "at most one address of each family; use two VIPs");
            }
            const auto [owner, fresh] = owners.emplace(address, name);
            if (!fresh && owner->second != name) {
                report(at,
                       address.to_string() + ", which is also an address of the VIP " +
                           in_quotes(owner->second),
                       "each address in one VIP only");
            }
        }
    }

    static bool is_announceable(const Address& address) {
        const auto bytes = address.bytes();
        if (address.is_unspecified() || address.is_multicast() || address.is_loopback())
            return false;
        if (address.is_ipv4())
            return bytes[0] != 0 && bytes[0] < 240;  // RFC 1122 §3.2.1.3, RFC 1112 §4
        constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        return !address.is_link_local() && !std::ranges::equal(bytes.first(mapped.size()), mapped);
    }

    void check_when(const VipConfig& vip, std::size_t services, const std::string& pointer) {
        // A service that names no known VIP may be meant for this one: that is reported there.
        if (services == 0 && !has_stray_service()) {
            report(pointer, "no service with this VIP",
                   "at least one: a VIP without services announces nothing");
        }
        if (services > 1 && !vip.when) {
            report(pointer + "/announce/when",
                   fmt::format("nothing, and {} services on this VIP", services),
                   R"("all", "any" or {"at_least": n}, because there are several services)");
        }
        const bool counts = vip.when && vip.when->rule == AnnounceWhen::Rule::at_least;
        if (counts && services > 0 && vip.when->at_least > services) {
            report(pointer + "/announce/when/at_least", std::to_string(vip.when->at_least),
                   fmt::format("at most {}, the number of services on this VIP", services));
        }
    }

    bool has_stray_service() const {
        return std::ranges::any_of(config_.services, [this](const auto& entry) {
            return !config_.vips.contains(entry.second.vip);
        });
    }

    // --- services ---

    void check_services() {
        for (const auto& [name, service] : config_.services) {
            const auto pointer = pointer_to("/services", name);
            const auto vip = config_.vips.find(service.vip);
            if (vip == config_.vips.end()) {
                report_unknown(pointer + "/vip", "VIP", service.vip, names_of(config_.vips));
            } else {
                check_families(service, vip->second, pointer);
                check_kernel_service(service, vip->second, pointer);
            }
            check_owner(name, service, pointer);
            if (service.group && !config_.groups.contains(*service.group)) {
                report_unknown(pointer + "/servers", "group", *service.group,
                               names_of(config_.groups));
            } else {
                check_servers(service, pointer);
            }
            check_slow_start(service, pointer);
            check_monitors(service, pointer);
            check_monitor_ports(service, pointer);
            check_exchanges(service, pointer);
        }
    }

    // The kernel has one service for each VIP, protocol and port, and one for each mark.
    void check_owner(const std::string& name, const ServiceConfig& service,
                     const std::string& pointer) {
        if (service.firewall_mark != 0) {
            const auto [owner, fresh] = mark_owners_.emplace(service.firewall_mark, name);
            if (fresh) return;
            report(pointer + "/firewall_mark",
                   fmt::format("firewall mark {} a second time", service.firewall_mark),
                   "each mark once; the service " + in_quotes(owner->second) + " has it");
            return;
        }
        const auto [owner, fresh] =
            port_owners_.emplace(std::tuple(service.vip, service.protocol, service.port), name);
        if (fresh) return;
        report(pointer + "/port",
               fmt::format("{} port {} of the VIP {} a second time",
                           protocol_name(service.protocol), service.port, in_quotes(service.vip)),
               "each VIP, protocol and port once; the service " + in_quotes(owner->second) +
                   " has it");
    }

    // What the kernel would refuse, or take and not do as meant.
    void check_kernel_service(const ServiceConfig& service, const VipConfig& vip,
                              const std::string& pointer) {
        for (const auto& address : vip.addresses) {
            const auto wanted = kernel_service(service, address.family());
            for (const auto& problem : ipvs::check(kernel_key(service, address), wanted))
                report_kernel_problem(problem, service, pointer);
        }
    }

    void report_kernel_problem(const ipvs::Problem& problem, const ServiceConfig& service,
                               const std::string& pointer) {
        if (problem.code == "port-remapped" || problem.code == "not-unicast")
            return;  // looked at where they are written
        auto at = pointer + std::string(key_of(problem.code));
        if (problem.code == "thresholds" && problem.destination)
            at = pointer_of(*problem.destination, service, pointer) + "/lower_threshold";
        if (problems_.touches(at) || !told_.emplace(at, problem.code).second) return;
        const auto position = innermost(root_, at).position;
        if (problem.severity == ipvs::Severity::error) {
            found_.push_back({position, std::move(at), problem.text(), {}});
        } else {
            warnings_.add(position, std::move(at), problem.text(), {});
        }
    }

    // The key of a service that a problem is about.
    static std::string_view key_of(std::string_view code) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 8> keys{{
            {"one-packet-needs-udp", "/one_packet"},
            {"no-fallback", "/scheduler_flags"},
            {"weights-ignored", "/scheduler"},
            {"gue-needs-port", "/tunnel/port"},
            {"port-needs-gue", "/tunnel/port"},
            {"ipip-has-no-checksum", "/tunnel/checksum"},
            {"remote-checksum-needs-gue", "/tunnel/checksum"},
            {"families-differ", "/tunnel/outer_family"},
        }};
        const auto* found = std::ranges::find(keys, code, &decltype(keys)::value_type::first);
        if (found != keys.end()) return found->second;
        return code == "tunnel-options-without-tunnel" ? "/tunnel" : "";
    }

    std::string pointer_of(const ipvs::DestinationKey& destination, const ServiceConfig& service,
                           const std::string& service_pointer) const {
        const auto servers = servers_pointer(service, service_pointer);
        for (const auto& [name, server] : service.servers) {
            const bool its = kernel_port(service, server) == destination.port &&
                             server_address(server, destination.address.family()) ==
                                 std::optional(destination.address);
            if (its) return pointer_to(servers, name);
        }
        return servers;
    }

    static std::string_view protocol_name(ipvs::Protocol protocol) {
        return protocol == ipvs::Protocol::tcp ? "tcp" : "udp";
    }

    void report_unknown(std::string pointer, const std::string& kind, const std::string& name,
                        const std::vector<std::string>& known) {
        const auto meant = nearest(name, known);
        auto accepted = known.empty() ? "a " + kind + " that exists: there is none"
                                      : "one of " + alternatives(known);
        if (meant) accepted = in_quotes(*meant) + " (did you mean it?) or another " + kind;
        report(std::move(pointer), "the unknown " + kind + " " + in_quotes(name),
               std::move(accepted));
    }

    // A family of the VIP in which there is no server at all could never be fit, and min_up above N
    // neither.
    void check_families(const ServiceConfig& service, const VipConfig& vip,
                        const std::string& pointer) {
        if (service.servers.empty())
            return;  // that is a problem of its own, reported where they are written
        for (const auto& address : vip.addresses) {
            const auto reached_by = server_family(service, address.family());
            const auto count = servers_in(service, reached_by);
            const auto family = to_string(reached_by);
            if (count == 0) {
                const auto why = service.outer_family
                                     ? fmt::format("the tunnels' outer_family is {}", family)
                                     : fmt::format("the VIP {} has the address {}",
                                                   in_quotes(service.vip), address.to_string());
                report(pointer + "/servers", fmt::format("no server with an {} address", family),
                       "at least one, because " + why);
            } else if (service.min_up > count) {
                report(pointer + "/min_up", std::to_string(service.min_up),
                       fmt::format("at most {}, the number of servers with an {} address", count,
                                   family));
            }
        }
    }

    static std::size_t servers_in(const ServiceConfig& service, Family family) {
        return static_cast<std::size_t>(std::ranges::count_if(
            service.servers,
            [family](const auto& entry) { return may_have_address(entry.second, family); }));
    }

    // Where a service's servers are written: its own, a group's, or in a list of their own.
    std::string servers_pointer(const ServiceConfig& service,
                                const std::string& service_pointer) const {
        if (!service.group) return service_pointer + "/servers";
        const auto group = pointer_to("/groups", *service.group);
        return config_.groups.at(*service.group).servers_file ? group + "/servers_file" : group;
    }

    void check_servers(const ServiceConfig& service, const std::string& service_pointer) {
        const auto servers = servers_pointer(service, service_pointer);
        std::map<Endpoint, std::string> owners;
        for (const auto& [name, server] : service.servers) {
            const auto pointer = pointer_to(servers, name);
            std::map<Family, std::size_t> families;
            for (const auto& address : server.addresses) {
                check_server_address(address, pointer + "/address");
                if (++families[address.family()] == 2) {
                    report(pointer + "/address",
                           "a second " + std::string(to_string(address.family())) + " address",
                           "at most one address of each family");
                }
                const auto [owner, fresh] =
                    owners.emplace(Endpoint{address, kernel_port(service, server)}, name);
                if (!fresh && owner->second != name) {
                    report(pointer + "/address", owner->first.to_string() + " a second time",
                           "each address and port once in a service; the server " +
                               in_quotes(owner->second) + " has it");
                }
            }
            check_server_port(service, server, pointer + "/port");
        }
    }

    void check_server_address(const Address& address, const std::string& pointer) {
        if (address.is_unspecified() || address.is_multicast() || address.is_link_local()) {
            report(pointer, address.to_string(),
                   address.is_link_local()
                       ? "an address that is not link-local: the kernel refuses those"
                       : "a unicast address");
        }
        for (const auto& [name, vip] : config_.vips) {
            if (std::ranges::find(vip.addresses, address) == vip.addresses.end()) continue;
            report(
                pointer,
                fmt::format("{}, an address of the VIP {}", address.to_string(), in_quotes(name)),
                "the server's own address: packets sent to the VIP would come back here");
        }
    }

    // Only NAT rewrites the port; with the others the packet arrives at the service's port whatever
    // is written here.
    void check_server_port(const ServiceConfig& service, const ServerConfig& server,
                           const std::string& pointer) {
        if (!server.port || *server.port == service.port ||
            service.forwarding == ipvs::Forwarding::nat)
            return;
        if (service.firewall_mark != 0) {
            report(pointer, std::to_string(*server.port),
                   "no port: behind a firewall mark packets keep theirs, and only forwarding "
                   "\"nat\" can change it (a monitor may name a port of its own)");
            return;
        }
        report(pointer, std::to_string(*server.port),
               fmt::format("{}, the service's port: only forwarding \"nat\" can change it (a "
                           "monitor may name a port "
                           "of its own)",
                           service.port));
    }

    // Hashing balancers would each send clients elsewhere while the weight climbs, and to no two
    // the same; the others that are left out look at no weight, or take it for a rank (ip_vs_fo.c).
    void check_slow_start(const ServiceConfig& service, const std::string& pointer) {
        constexpr std::array<std::string_view, 7> accepted{"wrr", "wlc", "lblc", "lblcr",
                                                           "sed", "nq",  "twos"};
        const auto& scheduler = service.options.scheduler;
        if (!service.slow_start) return;
        if (std::ranges::find(accepted, scheduler) == accepted.end()) {
            report(pointer + "/slow_start", "the scheduler " + in_quotes(scheduler),
                   "false, or the scheduler " + alternatives({accepted.begin(), accepted.end()}) +
                       ": with others balancers would disagree, or weights are no shares");
        }
        const auto light = std::ranges::find_if(service.servers, [](const auto& server) {
            return server.second.weight > 0 && server.second.weight < least_ramped_weight;
        });
        if (light == service.servers.end()) return;
        auto at = pointer + "/slow_start";
        warnings_.add(innermost(root_, at).position, std::move(at),
                      fmt::format("the server {} of weight {} has no room for a slow start: the "
                                  "kernel's weights are whole numbers",
                                  in_quotes(light->first), light->second.weight),
                      {});
    }

    // What follows the last exchange is nobody's business, so it must be one that an answer ends.
    void check_exchanges(const ServiceConfig& service, const std::string& pointer) {
        for (std::size_t i = 0; i < service.monitors.size(); ++i) {
            const auto* exchanges = exchanges_of(service.monitors[i].check);
            if (exchanges == nullptr || exchanges->empty() || !exchanges->back().expect.empty())
                continue;
            report(pointer_to(pointer + "/monitors", i) + "/exchanges",
                   "a last exchange that expects nothing", "one with \"expect\" or \"expect_hex\"");
        }
    }

    static const std::vector<monitors::Exchange>* exchanges_of(const monitors::Check& check) {
        if (const auto* tcp = std::get_if<monitors::TcpCheck>(&check)) return &tcp->exchanges;
        if (const auto* tls = std::get_if<monitors::TlsCheck>(&check)) return &tls->exchanges;
        return nullptr;
    }

    // A mark stands for any port, so that a probe does not know where to connect to.
    void check_monitor_ports(const ServiceConfig& service, const std::string& pointer) {
        const bool known = std::ranges::all_of(service.servers, [&](const auto& entry) {
            return kernel_port(service, entry.second) != 0;
        });
        if (service.firewall_mark == 0 || known) return;
        for (std::size_t i = 0; i < service.monitors.size(); ++i) {
            const auto& monitor = service.monitors[i];
            if (monitor.port || !connects(monitor.check)) continue;
            report(pointer_to(pointer + "/monitors", i), "no port",
                   "one, in \"port\" or in the url: the service is a firewall mark and has none");
        }
    }

    static bool connects(const monitors::Check& check) {
        return !std::holds_alternative<monitors::IcmpCheck>(check) &&
               !std::holds_alternative<monitors::ScriptCheck>(check) &&
               !std::holds_alternative<monitors::FileCheck>(check);
    }

    void check_monitors(const ServiceConfig& service, const std::string& pointer) {
        if (service.monitors.empty() ||
            std::ranges::any_of(service.monitors,
                                [](const MonitorConfig& monitor) { return !monitor.advisory; })) {
            return;
        }
        report(pointer + "/monitors", "only advisory monitors",
               "at least one that counts, or [] to serve without looking at the servers");
    }

    // --- BGP ---

    void check_bgp(const BgpConfig& bgp) {
        std::map<Endpoint, std::string> owners;
        for (const auto& [name, peer] : bgp.peers) {
            const auto pointer = pointer_to("/bgp/peers", name);
            const auto [owner, fresh] = owners.emplace(Endpoint{peer.address, peer.port}, name);
            if (!fresh) {
                report(pointer + "/address", owner->first.to_string() + " a second time",
                       "each peer once; the peer " + in_quotes(owner->second) +
                           " has this address and port");
            }
            if (peer.remote_as == 0) {
                report(pointer + "/remote_as", "nothing",
                       "the router's AS number, here or in /defaults/peer");
            }
            check_peer_addresses(peer, pointer);
            check_hops(peer, pointer);
            check_next_hops(bgp, peer, pointer);
            check_selection(peer, pointer);
            check_passive(bgp, peer, pointer);
            check_memory_backend(peer, pointer);
        }
    }

    void check_peer_addresses(const PeerConfig& peer, const std::string& pointer) {
        if (peer.address.is_unspecified() || peer.address.is_multicast()) {
            report(pointer + "/address", peer.address.to_string(), "the router's unicast address");
        }
        if (peer.local_address && peer.local_address->family() != peer.address.family()) {
            report(pointer + "/local_address", peer.local_address->to_string(),
                   fmt::format("an {} address, as the peer's address is one",
                               to_string(peer.address.family())));
        }
    }

    void check_hops(const PeerConfig& peer, const std::string& pointer) {
        if (!peer.ttl_security_hops || !peer.multihop) return;
        report(pointer + "/multihop", "both ttl_security_hops and multihop", "one of them");
    }

    // Where the session has the family itself, its own local address is the next hop.
    void check_next_hops(const BgpConfig& bgp, const PeerConfig& peer, const std::string& pointer) {
        for (const auto family : peer.families) {
            const bool given = peer.next_hop.contains(family) || bgp.next_hop.contains(family);
            if (given || family == peer.address.family() || !announces(peer, family)) continue;
            if (problems_.touches(pointer_to("/bgp/next_hop", to_string(family)))) continue;
            report(pointer_to(pointer + "/next_hop", to_string(family)), "nothing",
                   fmt::format("an {} address here or in /bgp/next_hop: the session runs over {} "
                               "and there are {} VIPs",
                               to_string(family), to_string(peer.address.family()),
                               to_string(family)));
        }
    }

    bool announces(const PeerConfig& peer, Family family) const {
        return std::ranges::any_of(config_.vips, [&peer, family](const auto& entry) {
            if (peer.vips && !peer.vips->contains(entry.first)) return false;
            return std::ranges::any_of(entry.second.addresses, [family](const Address& address) {
                return address.family() == family;
            });
        });
    }

    void check_selection(const PeerConfig& peer, const std::string& pointer) {
        if (!peer.vips) return;
        for (const auto& vip : *peer.vips) {
            if (!config_.vips.contains(vip)) {
                report_unknown(pointer + "/vips", "VIP", vip, names_of(config_.vips));
            }
        }
    }

    void check_passive(const BgpConfig& bgp, const PeerConfig& peer, const std::string& pointer) {
        if (!peer.passive || !bgp.listen.empty()) return;
        report(pointer + "/passive", "true",
               "false, or an address in /bgp/listen: without one nobody would open this session");
    }

    // Routers that believe the memory backend would send traffic into nothing.
    void check_memory_backend(const PeerConfig& peer, const std::string& pointer) {
        const bool memory = config_.ipvs.backend == IpvsConfig::BackendKind::memory;
        if (!memory || config_.ipvs.allow_announce || peer.address.is_loopback()) return;
        report(pointer + "/address", peer.address.to_string() + " with the memory backend",
               "a loopback address: the memory backend forwards no packet, so it announces to "
               "other hosts only with "
               "\"ipvs\": {\"allow_announce\": true}");
    }

    // --- the rest ---

    void check_paths() {
        constexpr std::size_t longest = 107;  // sun_path with its terminating zero (unix(7))
        if (config_.status.socket.size() <= longest) return;
        report("/status/socket", fmt::format("a path of {} bytes", config_.status.socket.size()),
               fmt::format("a path of at most {} bytes", longest));
    }

    static constexpr std::int32_t least_ramped_weight = 10;

    struct Found {
        SourcePosition position;
        std::string pointer;
        std::string found;
        std::string accepted;
    };

    const Config& config_;
    const JsonValue& root_;
    Problems& problems_;
    Problems& warnings_;
    std::vector<Found> found_;
    std::map<std::tuple<std::string, ipvs::Protocol, std::uint16_t>, std::string> port_owners_;
    std::map<std::uint32_t, std::string> mark_owners_;
    /// What the kernel's rules have said of a place: each server and family would say it again.
    std::set<std::pair<std::string, std::string>> told_;
};

}  // namespace

void check_config(const Config& config, const JsonValue& root, Problems& problems,
                  Problems& warnings) {
    Checker(config, root, problems, warnings).run();
}

}  // namespace vipd
