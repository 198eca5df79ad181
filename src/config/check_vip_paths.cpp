#include "src/config/check_vip_paths.hpp"

#include "src/config/kernel_service.hpp"
#include "src/config/object_reader.hpp"
#include "src/config/vip_path.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace vipd {
namespace {

void add_vip_paths(const ServiceConfig& service, Family family, std::set<VipPathKey>& into) {
    unsigned slot = 0;
    for (const auto& monitor : service.monitors) {
        if (!monitor.via_vip) continue;
        for (const auto& [name, server] : service.servers) {
            const auto address = server_address(server, server_family(service, family));
            if (!address) continue;
            auto key = vip_path_key(service, family, *address, server);
            key.slot = slot;
            into.insert(key);
        }
        ++slot;
    }
}

void check_last_port(const VipPathsConfig& paths, const ReportProblem& report) {
    constexpr unsigned last_port = 65535;
    if (paths.first_port + paths.count - 1U <= last_port) return;
    report("/monitors/vip_paths/count", std::to_string(paths.count),
           fmt::format("at most {}, so that the last port is not above {}",
                       last_port - paths.first_port + 1U, last_port));
}

void check_monitor(const Config& config, const ServiceConfig& service, const MonitorConfig& monitor,
                   const std::string& pointer, const ReportProblem& report) {
    if (config.ipvs.backend == IpvsConfig::BackendKind::memory) {
        report(pointer + "/via", "\"vip\" with the memory backend",
               "\"server\": only the kernel sends a packet for the VIP to a server");
    }
    const bool other_port = monitor.port && *monitor.port != service.port;
    if (other_port && service.forwarding == ipvs::Forwarding::nat) {
        report(pointer + "/via",
               fmt::format("\"vip\" with the port {} and forwarding \"nat\"", *monitor.port),
               "no port, or the service's: nat sends every port to the server's own");
    }
    for (const auto& address : config.vips.at(service.vip).addresses) {
        const auto family = address.family();
        if (server_family(service, family) == family || monitor.source.contains(family)) continue;
        report(pointer + "/source", fmt::format("no {} address", to_string(family)),
               fmt::format("the {0} address of this host to probe from: the VIP is an {0} "
                           "address, and the servers' are none to find it by",
                           to_string(family)));
    }
}

void check_marks_are_free(const Config& config, const ReportProblem& report) {
    const auto& paths = config.monitors.vip_paths;
    for (const auto& [name, service] : config.services) {
        if (service.firewall_mark == 0 || !paths.contains(service.firewall_mark)) continue;
        report(pointer_to("/services", name) + "/firewall_mark",
               std::to_string(service.firewall_mark),
               fmt::format("a mark outside of {} to {}, which probes through VIPs take "
                           "(/monitors/vip_paths)",
                           paths.first_mark, paths.first_mark + paths.count - 1));
    }
}

}  // namespace

void check_vip_paths(const Config& config, const ReportProblem& report) {
    const auto& paths = config.monitors.vip_paths;
    check_last_port(paths, report);
    std::map<Family, std::set<VipPathKey>> needed;
    for (const auto& [name, service] : config.services) {
        const auto vip = config.vips.find(service.vip);
        if (vip == config.vips.end()) continue;  // that is reported where it is written
        for (const auto& address : vip->second.addresses)
            add_vip_paths(service, address.family(), needed[address.family()]);
        const auto pointer = pointer_to("/services", name) + "/monitors";
        for (std::size_t i = 0; i < service.monitors.size(); ++i) {
            const auto& monitor = service.monitors[i];
            if (monitor.via_vip)
                check_monitor(config, service, monitor, pointer_to(pointer, i), report);
        }
    }
    for (const auto& [family, keys] : needed) {
        if (keys.size() <= paths.count) continue;
        report("/monitors/vip_paths/count", std::to_string(paths.count),
               fmt::format("at least {}: so many {} servers are probed through VIPs", keys.size(),
                           to_string(family)));
    }
    if (std::ranges::any_of(needed, [](const auto& entry) { return !entry.second.empty(); }))
        check_marks_are_free(config, report);
}

}  // namespace vipd
