#pragma once
// The chain from a probe to a route, told link by link: probe, health, pool, kernel, fitness, VIP,
// route. Pure.

#include "src/status/client/show.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace vipd {

/// SERVICE/SERVER, or one of both with the other empty.
struct ServerName {
    std::string service;
    std::string server;
};
/// "text-https/cp1"; without a slash it is the server alone.
ServerName parse_server_name(const std::string& text);

/// Names of the services whose chain explains the subject: a service, SERVICE/SERVER, a VIP's name
/// or address, or a server. `services` is the API's list, a summary is enough except for a server
/// without its service. Sorted.
std::vector<std::string> services_behind(const nlohmann::json& status, const std::string& subject);

/// `status` as /v1/status gives it, `service` as /v1/services/{name}. With a server named only its
/// chain is told.
std::string explain(const nlohmann::json& status, const nlohmann::json& service,
                    const std::string& server, const View& view);

/// The server is in a pool of the service: it has an address.
bool is_in_a_pool(const nlohmann::json& service, const std::string& server);

/// The host name that a server's address comes from; empty if it is written as an address.
std::string host_name_of(const nlohmann::json& service, const std::string& server);

/// What is known of a host name. `names` as /v1/names.
std::string explain_name(const nlohmann::json& names, const std::string& host_name,
                         const View& view);

/// What the probes of a server found last, newest first. `report` as
/// /v1/services/{name}/servers/{server}/probes.
std::string explain_probes(const nlohmann::json& report, const View& view);

/// Why a peer is told what it is told: its session, its routes, and what it does not know. Empty if
/// there is no such peer.
std::string explain_peer(const nlohmann::json& status, const std::string& name, const View& view);

/// Whether draining this server is within the floor of every pool it is in (design: Pool): empty if
/// so, else why not. `service` as /v1/services/{name}.
std::string objection_to_depool(const nlohmann::json& service, const std::string& server);

/// Whether what was commanded has come to pass in the kernel: the server is listed and every
/// listing of it is pooled, or none is. `services` as /v1/services; an empty service means all.
bool settled(const nlohmann::json& services, const ServerName& name, bool pooled);

/// What a server that is drained still has in the kernel, a text for each pool: "text-https ipv4:
/// 12 connections, 3 of them established". None when it has left everywhere.
std::vector<std::string> left_on(const nlohmann::json& services, const ServerName& name);

}  // namespace vipd
