#include "src/control/examination.hpp"

#include "src/config/kernel_service.hpp"

#include <algorithm>
#include <functional>

namespace vipd {
namespace {

template <class Visit>
void each_kernel_service(const Config& config, Visit visit) {
    for (const auto& [name, service] : config.services) {
        for (const auto& address : config.vips.at(service.vip).addresses)
            visit(name, service, address);
    }
}

/// By the ways on which the server answers in the VIP's name itself.
std::set<Address> probed_through_vip(const Config& config) {
    std::set<Address> servers;
    each_kernel_service(
        config, [&](const std::string&, const ServiceConfig& service, const Address& vip_address) {
            const bool via_vip = std::ranges::any_of(service.monitors, &MonitorConfig::via_vip);
            const bool nat = service.forwarding == ipvs::Forwarding::nat;
            if (!via_vip || nat || !vip_address.is_ipv4()) return;
            for (const auto& [name, server] : service.servers) {
                const auto family = server_family(service, Family::ipv4);
                if (const auto address = server_address(server, family)) servers.insert(*address);
            }
        });
    return servers;
}

}  // namespace

ipvs::Table configured_table(const Config& config) {
    ipvs::Table table;
    each_kernel_service(
        config, [&](const std::string&, const ServiceConfig& service, const Address& address) {
            table[kernel_key(service, address)] = kernel_service(service, address.family());
        });
    return table;
}

std::vector<Finding> examination(const Config& config, const ipvs::Table& services,
                                 const ipvs::HostFacts& host) {
    std::vector<Finding> findings;
    if (config.ipvs.backend == IpvsConfig::BackendKind::kernel) {
        // Whoever announces may well share its VIPs with others.
        const ipvs::SiteFacts site{.several_balancers = config.bgp.has_value(),
                                   .probed_through_vip = probed_through_vip(config)};
        for (auto& problem : ipvs::examine(host, site, services))
            findings.push_back({std::nullopt, std::move(problem)});
    }
    each_kernel_service(
        config, [&](const std::string& name, const ServiceConfig& service, const Address& address) {
            const auto key = kernel_key(service, address);
            for (auto& problem : ipvs::check(key, services.at(key))) {
                Finding finding{name, std::move(problem)};
                if (std::ranges::find(findings, finding) == findings.end())
                    findings.push_back(std::move(finding));  // else the other family has said so
            }
        });
    std::ranges::stable_sort(findings, std::ranges::greater{},
                             [](const Finding& finding) { return finding.problem.severity; });
    return findings;
}

}  // namespace vipd
