#pragma once
// Values of the configuration as an operator writes them, for messages.

#include "src/config/config.hpp"

#include <string>
#include <vector>

namespace vipd {

std::string config_text(bool value);
std::string config_text(const std::string& value);
std::string config_text(Duration duration);
std::string config_text(const Fraction& fraction);
std::string config_text(const Address& address);
std::string config_text(const Endpoint& endpoint);
std::string config_text(Family family);
std::string config_text(Admin admin);
std::string config_text(ipvs::Protocol protocol);
std::string config_text(ipvs::Forwarding forwarding);
std::string config_text(IpvsConfig::BackendKind backend);
std::string config_text(IpvsConfig::OnDown on_down);
std::string config_text(IpvsConfig::OnStop on_stop);
std::string config_text(ipvs::OnDrift on_drift);
std::string config_text(BrakeConfig::Action action);
std::string config_text(const AnnounceWhen& when);
/// "med 10, communities 64600:100, 64600:1:2"; "none" if there are none.
std::string config_text(const bgp::RouteAttributes& attributes);
/// "below 0.5 in 2 steps: med +100, prepend +1"; "off".
std::string config_text(const std::optional<DegradedConfig>& degraded);
/// "64600:100, 64600:1:2"; "none".
std::string communities_text(const std::vector<bgp::Community>& communities,
                             const std::vector<bgp::LargeCommunity>& large_communities);
/// "mh-port", "mh-fallback".
std::vector<std::string> scheduler_flags(const ipvs::ServiceOptions& options);
/// The same joined; "none".
std::string scheduler_flags_text(const ipvs::ServiceOptions& options);
/// "ipip"; "gue port 6080 checksum full"; "ipip over ipv4".
std::string tunnel_text(const ServiceConfig& service);
/// "none", "full" or "remote"; "ipip", "gue" or "gre".
std::string config_text(ipvs::TunnelChecksum checksum);
std::string config_text(ipvs::TunnelType type);
/// "5m for each /32, /128"; "none".
std::string config_text(const std::optional<PersistenceConfig>& persistence);
/// "linear from 10 % in 1m"; "off".
std::string config_text(const std::optional<SlowStartConfig>& slow_start);
/// "1 or 0.2 in 10s"; "off".
std::string config_text(const std::optional<MaxLeavingConfig>& max_leaving);
/// "tcp 15m, udp 5m"; "none".
std::string config_text(const ipvs::Timeouts& timeouts);
/// "192.0.2.1" for a host, "192.0.2.1:179" for a port of it.
std::string control_address_text(const Endpoint& address);
/// The same of all; "none".
std::string control_addresses_text(const ControlConfig& control);
/// "192.0.2.10", written as BGP identifiers are.
std::string router_id_text(bgp::RouterId id);

/// Joined by commas; "none" if empty.
std::string joined(const std::vector<std::string>& texts);

}  // namespace vipd
