#include "src/config/config_text.hpp"

#include "src/config/duration.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace vipd {

std::string control_address_text(const Endpoint& address) {
    return address.port == 0 ? address.address.to_string() : address.to_string();
}

std::string control_addresses_text(const ControlConfig& control) {
    std::vector<std::string> texts;
    for (const auto& address : control.addresses)
        texts.push_back(control_address_text(address));
    return joined(texts);
}

std::string joined(const std::vector<std::string>& texts) {
    return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string config_text(bool value) {
    return value ? "true" : "false";
}
std::string config_text(std::uint32_t value) {
    return std::to_string(value);
}
std::string config_text(const std::string& value) {
    return value;
}
std::string config_text(Duration duration) {
    return duration_text(duration);
}
std::string config_text(const Fraction& fraction) {
    return fraction.to_string();
}
std::string config_text(const Address& address) {
    return address.to_string();
}
std::string config_text(const Endpoint& endpoint) {
    return endpoint.to_string();
}
std::string config_text(Family family) {
    return std::string(to_string(family));
}
std::string config_text(Admin admin) {
    return std::string(to_string(admin));
}

std::string config_text(ipvs::Protocol protocol) {
    return protocol == ipvs::Protocol::tcp ? "tcp" : "udp";
}

std::string config_text(ipvs::Forwarding forwarding) {
    switch (forwarding) {
        case ipvs::Forwarding::nat:
            return "nat";
        case ipvs::Forwarding::dr:
            return "dr";
        case ipvs::Forwarding::tunnel:
            return "tunnel";
    }
    return "invalid";
}

std::string config_text(IpvsConfig::BackendKind backend) {
    return backend == IpvsConfig::BackendKind::kernel ? "kernel" : "memory";
}

std::string config_text(IpvsConfig::OnDown on_down) {
    return on_down == IpvsConfig::OnDown::remove ? "remove" : "quiesce";
}

std::string config_text(IpvsConfig::OnStop on_stop) {
    return on_stop == IpvsConfig::OnStop::keep ? "keep" : "flush";
}

std::string config_text(ipvs::OnDrift on_drift) {
    return on_drift == ipvs::OnDrift::repair ? "repair" : "report";
}

std::string config_text(BrakeConfig::Action action) {
    switch (action) {
        case BrakeConfig::Action::off:
            return "off";
        case BrakeConfig::Action::alert:
            return "alert";
        case BrakeConfig::Action::announce:
            return "announce";
    }
    return "invalid";
}

std::string config_text(const AnnounceWhen& when) {
    switch (when.rule) {
        case AnnounceWhen::Rule::all:
            return "all";
        case AnnounceWhen::Rule::any:
            return "any";
        case AnnounceWhen::Rule::at_least:
            return fmt::format("at least {}", when.at_least);
    }
    return "invalid";
}

std::string config_text(const bgp::RouteAttributes& attributes) {
    std::vector<std::string> texts;
    if (attributes.med) texts.push_back(fmt::format("med {}", *attributes.med));
    if (attributes.local_pref)
        texts.push_back(fmt::format("local_pref {}", *attributes.local_pref));
    if (attributes.prepend > 0) texts.push_back(fmt::format("prepend {}", attributes.prepend));
    if (!attributes.communities.empty() || !attributes.large_communities.empty()) {
        texts.push_back("communities " +
                        communities_text(attributes.communities, attributes.large_communities));
    }
    return joined(texts);
}

std::string config_text(const std::optional<DegradedConfig>& degraded) {
    if (!degraded) return "off";
    const auto& worse = degraded->worse;
    std::vector<std::string> texts;
    if (worse.med > 0) texts.push_back(fmt::format("med +{}", worse.med));
    if (worse.local_pref > 0) texts.push_back(fmt::format("local_pref -{}", worse.local_pref));
    if (worse.prepend > 0) texts.push_back(fmt::format("prepend +{}", worse.prepend));
    if (!degraded->communities.empty() || !degraded->large_communities.empty()) {
        texts.push_back("communities " +
                        communities_text(degraded->communities, degraded->large_communities));
    }
    return fmt::format("below {} in {} step{}: {}",
                       degraded->below ? degraded->below->to_string() : "the floor",
                       degraded->steps, degraded->steps == 1 ? "" : "s", joined(texts));
}

std::string config_text(const std::optional<SlowStartConfig>& slow_start) {
    if (!slow_start) return "off";
    const bool linear = slow_start->curve == SlowStartConfig::Curve::linear;
    return fmt::format("{} from {} % in {}", linear ? "linear" : "quadratic",
                       slow_start->min_percent, duration_text(slow_start->window));
}

std::string config_text(const std::optional<MaxLeavingConfig>& max_leaving) {
    if (!max_leaving) return "off";
    const auto share = max_leaving->share.is_zero() ? "" : " or " + max_leaving->share.to_string();
    return fmt::format("{}{} in {}", max_leaving->count, share, duration_text(max_leaving->window));
}

std::string communities_text(const std::vector<bgp::Community>& communities,
                             const std::vector<bgp::LargeCommunity>& large_communities) {
    std::vector<std::string> texts;
    for (const auto community : communities)
        texts.push_back(bgp::to_string_community(community));
    for (const auto& community : large_communities)
        texts.push_back(bgp::to_string(community));
    return joined(texts);
}

std::vector<std::string> scheduler_flags(const ipvs::ServiceOptions& options) {
    std::vector<std::string> names;
    for (const auto& [bit, name] : {std::pair{ipvs::SchedulerFlag::port, "port"},
                                    {ipvs::SchedulerFlag::fallback, "fallback"}}) {
        if ((options.scheduler_flags & static_cast<std::uint32_t>(bit)) == 0) continue;
        names.push_back(options.scheduler + "-" + name);
    }
    return names;
}

std::string scheduler_flags_text(const ipvs::ServiceOptions& options) {
    return joined(scheduler_flags(options));
}

std::string config_text(ipvs::TunnelType type) {
    switch (type) {
        case ipvs::TunnelType::ipip:
            return "ipip";
        case ipvs::TunnelType::gue:
            return "gue";
        case ipvs::TunnelType::gre:
            return "gre";
    }
    return "invalid";
}

std::string config_text(ipvs::TunnelChecksum checksum) {
    switch (checksum) {
        case ipvs::TunnelChecksum::none:
            return "none";
        case ipvs::TunnelChecksum::full:
            return "full";
        case ipvs::TunnelChecksum::remote:
            return "remote";
    }
    return "invalid";
}

std::string tunnel_text(const ServiceConfig& service) {
    const auto& tunnel = service.tunnel;
    auto text = config_text(tunnel.type);
    if (tunnel.port != 0) text += fmt::format(" port {}", tunnel.port);
    if (tunnel.checksum != ipvs::TunnelChecksum::none)
        text += " checksum " + config_text(tunnel.checksum);
    if (service.outer_family) text += fmt::format(" over {}", to_string(*service.outer_family));
    return text;
}

std::string config_text(const std::optional<PersistenceConfig>& persistence) {
    if (!persistence) return "none";
    return fmt::format("{} for each /{}, /{}", duration_text(persistence->timeout),
                       persistence->ipv4_prefix, persistence->ipv6_prefix);
}

std::string config_text(const ipvs::Timeouts& timeouts) {
    std::vector<std::string> texts;
    const auto add = [&texts](std::string_view name, std::uint32_t seconds) {
        if (seconds == 0) return;
        texts.push_back(fmt::format("{} {}", name, duration_text(std::chrono::seconds(seconds))));
    };
    add("tcp", timeouts.tcp_seconds);
    add("tcp_fin", timeouts.tcp_fin_seconds);
    add("udp", timeouts.udp_seconds);
    return joined(texts);
}

std::string router_id_text(bgp::RouterId id) {
    return fmt::format("{}.{}.{}.{}", id >> 24U, id >> 16U & 0xffU, id >> 8U & 0xffU, id & 0xffU);
}

}  // namespace vipd
