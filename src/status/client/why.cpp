#include "src/status/client/why.hpp"

#include "src/status/client/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace vipd {
using nlohmann::json;
namespace {

std::string line(int depth, const char* link, const std::string& content) {
    return fmt::format("{:{}}{:<9}{}\n", "", depth * 2, link, content);
}

/// "down for 14 s: HTTP status 503"
std::string state(const std::string& word, const json& since, const std::string& why,
                  const View& view) {
    const auto age = age_text(since, view);
    return fmt::format("{}{}{}", word, age == "-" ? "" : " for " + age,
                       why == "-" || why.empty() ? "" : ": " + why);
}

/// "http", "http through the VIP (advisory)"
std::string monitor_text(const json& monitor, const char* type) {
    return text(monitor, type) + (at(monitor, "via") == "vip" ? " through the VIP" : "") +
           (holds(monitor, "advisory") ? " (advisory)" : "");
}

std::string explain_server(const json& server, const View& view) {
    auto out = fmt::format("  server {} ({})\n", text(server, "name"), text(server, "address"));
    for (const auto& monitor : at(server, "monitors")) {
        const auto type = monitor_text(monitor, "type");
        out += line(2, "probe",
                    type + " " +
                        state(text(monitor, "health"), at(monitor, "since"),
                              reason(monitor, "reason"), view));
    }
    out += line(2, "health",
                state(text(server, "health"), at(server, "health_since"),
                      reason(server, "health_reason"), view));
    if (holds(server, "suspect"))
        out += line(2, "suspect",
                    state("a verdict of down waits", at(server, "suspect_since"),
                          reason(server, "suspect_reason"), view));
    out += line(2, "admin", text(server, "admin") + ": " + reason(server, "admin_reason"));
    out += line(2, "pool", text(server, "placement") + ": " + reason(server, "placement_reason"));
    out += line(2, "kernel",
                holds(server, "pooled") ? "carries traffic, as acknowledged"
                                        : "carries no traffic, as acknowledged");
    return out;
}

bool all_is_well(const json& server) {
    return at(server, "health") == "up" && at(server, "admin") == "enabled" &&
           at(server, "placement") == "pooled" && holds(server, "pooled");
}

std::string explain_servers(const json& pool, const std::string& wanted, const View& view) {
    std::string out;
    std::size_t well = 0;
    for (const auto& server : at(pool, "servers")) {
        if (!wanted.empty() ? at(server, "name") != wanted : all_is_well(server)) {
            ++well;
        } else {
            out += explain_server(server, view);
        }
    }
    if (wanted.empty() && well > 0) {
        out += fmt::format("  {} servers are up, enabled and pooled\n", well);
    }
    return out;
}

std::string explain_refusals(const json& status, const std::string& address) {
    std::string out;
    for (const auto& refusal : at(at(status, "kernel"), "refusals")) {
        const auto change = text(refusal, "change");
        if (change.find(address) == std::string::npos) continue;
        out += line(1, "refused", change + ": " + text(refusal, "error"));
    }
    return out;
}

std::string explain_pool(const json& status, const json& pool, const View& view) {
    auto out = line(1, "pool",
                    fmt::format("{} of {} up, floor {}, {} pooled, {} held", text(pool, "up"),
                                text(pool, "configured"), text(pool, "floor"), text(pool, "pooled"),
                                text(pool, "held")));
    out += line(1, "kernel",
                holds(pool, "programmed") ? "the service exists, as acknowledged"
                                          : "the service is not there");
    out += explain_refusals(status, text(pool, "vip_address"));
    out += line(1, "fit",
                state(holds(pool, "fit") ? "fit" : "unfit", at(pool, "fit_since"),
                      reason(pool, "fit_reason"), view));
    return out;
}

std::string peers_text(const json& status, const json& address) {
    std::string out;
    const auto& told = at(address, "advertised_to");
    for (const auto& peer : at(status, "peers")) {
        const auto name = text(peer, "name");
        const bool written = std::ranges::find(told, json(name)) != told.end();
        const bool up = at(peer, "state") == "established";
        out += line(
            1, "route",
            written ? "written to " + name
            : up    ? "not written to " + name
                 : fmt::format("{} is {}: {}", name, text(peer, "state"), reason(peer, "reason")));
    }
    return out.empty() ? line(1, "route", "no peers are configured") : out;
}

std::string explain_address(const json& status, const std::string& address, const View& view) {
    for (const auto& vip : at(status, "vips")) {
        for (const auto& entry : at(vip, "addresses")) {
            if (at(entry, "address") != address) continue;
            return line(1, "VIP",
                        fmt::format("{} {} {}{}", text(vip, "name"), address,
                                    state(text(entry, "wanted"), at(entry, "since"),
                                          reason(entry, "reason"), view),
                                    holds(entry, "present") ? "" : "; not on the interface")) +
                   peers_text(status, entry);
        }
    }
    return "";
}

bool names_server(const json& pool, const std::string& server) {
    return std::ranges::any_of(at(pool, "servers"),
                               [&](const json& entry) { return at(entry, "name") == server; });
}

bool is_of_vip(const json& vip, const std::string& subject) {
    return at(vip, "name") == subject ||
           std::ranges::any_of(at(vip, "addresses"), [&](const json& address) {
               return at(address, "address") == subject;
           });
}

constexpr std::size_t probes_shown = 8;

/// "10.0.0.11:443", "[2001:db8::11]:443"
std::string endpoint_text(const json& probe) {
    const auto address = text(probe, "address");
    const auto port = text(probe, "port");
    if (address.find(':') == std::string::npos) return fmt::format("{}:{}", address, port);
    return fmt::format("[{}]:{}", address, port);
}

/// "1.2 ms"
std::string milliseconds_text(const json& microseconds) {
    return fmt::format("{:.1f} ms", microseconds.get<double>() / 1000);
}

/// "connected after 0.3 ms, first byte after 12.0 ms": as far as it got; or "connection reused, …".
std::string phases_text(const json& result) {
    constexpr std::array<std::pair<const char*, const char*>, 3> phases{
        {{"connected_microseconds", "connected"},
         {"handshaken_microseconds", "TLS"},
         {"first_byte_microseconds", "first byte"}}};
    std::string out = holds(result, "reused") ? "connection reused" : "";
    for (const auto& [name, phase] : phases) {
        const auto& time = at(result, name);
        if (!time.is_number()) continue;
        out +=
            fmt::format("{}{} after {}", out.empty() ? "" : ", ", phase, milliseconds_text(time));
    }
    return out;
}

std::string explain_result(const json& result, const View& view) {
    const auto& took = at(result, "took_microseconds");
    const auto phases = phases_text(result);
    return line(2, holds(result, "success") ? "ok" : "failed",
                fmt::format("{} ago, in {}{}: {}: {}", age_text(at(result, "at"), view),
                            took.is_number() ? milliseconds_text(took) : "-",
                            phases.empty() ? "" : " (" + phases + ")",
                            text(at(result, "reason"), "code"), reason(result, "reason")));
}

/// How the kernel balances: "mh mh-port mh-fallback, tunnel ipip, persistent 5m for each /32,
/// /128".
std::string kernel_options(const json& service) {
    auto out = text(service, "scheduler");
    for (const auto& flag : at(service, "scheduler_flags"))
        out += " " + text(flag);
    out += ", " + text(service, "forwarding");
    if (at(service, "tunnel").is_string()) out += " " + text(service, "tunnel");
    if (holds(service, "one_packet")) out += ", one-packet";
    if (at(service, "persistence").is_string())
        out += ", persistent " + text(service, "persistence");
    return out;
}

std::string explain_routes(const json& peer) {
    std::string out;
    for (const auto& [family, counts] : at(peer, "families").items()) {
        out += line(1, "routes",
                    fmt::format("{}{}: {} wanted, {} written, {} pending", family,
                                holds(counts, "negotiated") ? "" : " (not negotiated)",
                                text(counts, "wanted"), text(counts, "advertised"),
                                text(counts, "pending")));
    }
    return out;
}

/// Of those that are announced.
std::string addresses_not_told(const json& status, const std::string& peer) {
    std::string out;
    for (const auto& vip : at(status, "vips")) {
        for (const auto& address : at(vip, "addresses")) {
            const auto& told = at(address, "advertised_to");
            if (at(address, "wanted") != "announced") continue;
            if (std::ranges::find(told, json(peer)) != told.end()) continue;
            out += line(1, "VIP",
                        fmt::format("{} {} is announced, but not written to {}", text(vip, "name"),
                                    text(address, "address"), peer));
        }
    }
    return out;
}

}  // namespace

std::string explain_probes(const json& report, const View& view) {
    std::string out;
    for (const auto& probe : at(report, "probes")) {
        out += fmt::format("  last probes {} {}: {}, {}\n", text(report, "service"),
                           text(probe, "vip_address"), monitor_text(probe, "monitor"),
                           endpoint_text(probe));
        const auto& results = at(probe, "results");
        const auto shown = std::min(results.size(), probes_shown);
        for (std::size_t i = 0; i < shown; ++i)
            out += explain_result(results[results.size() - 1 - i], view);
        if (shown == 0) out += line(2, "", "none yet");
    }
    return out;
}

std::string explain_peer(const json& status, const std::string& name, const View& view) {
    for (const auto& peer : at(status, "peers")) {
        if (at(peer, "name") != name) continue;
        auto out = fmt::format("peer {}\n", name);
        out += line(1, "session",
                    state(text(peer, "state"), at(peer, "since"), reason(peer, "reason"), view));
        if (at(peer, "next_dial").is_string())
            out += line(1, "dials", "again at " + text(peer, "next_dial"));
        if (at(peer, "last_notification_in").is_string())
            out += line(1, "it said", text(peer, "last_notification_in"));
        if (at(peer, "last_notification_out").is_string())
            out += line(1, "we said", text(peer, "last_notification_out"));
        return out + explain_routes(peer) + addresses_not_told(status, name);
    }
    return "";
}

ServerName parse_server_name(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return {"", text};
    return {text.substr(0, slash), text.substr(slash + 1)};
}

std::vector<std::string> services_behind(const json& status, const std::string& subject) {
    const auto name = parse_server_name(subject);
    if (!name.service.empty()) return {name.service};
    std::vector<std::string> found;
    for (const auto& service : at(status, "services")) {
        if (at(service, "name") == subject) return {subject};
    }
    for (const auto& vip : at(status, "vips")) {
        if (!is_of_vip(vip, subject)) continue;
        for (const auto& service : at(vip, "services"))
            found.push_back(text(service));
    }
    std::ranges::sort(found);
    return found;
}

bool is_in_a_pool(const json& service, const std::string& server) {
    const auto& pools = at(at(service, "service"), "pools");
    return std::ranges::any_of(pools, [&](const json& pool) { return names_server(pool, server); });
}

std::string host_name_of(const json& service, const std::string& server) {
    const auto& content = at(service, "service");
    const auto of = [&](const json& servers) -> std::string {
        for (const auto& entry : servers) {
            if (at(entry, "name") == server && at(entry, "host_name").is_string())
                return text(entry, "host_name");
        }
        return {};
    };
    for (const auto& pool : at(content, "pools")) {
        if (auto name = of(at(pool, "servers")); !name.empty()) return name;
    }
    return of(at(content, "unresolved"));
}

std::string explain_name(const json& names, const std::string& host_name, const View& view) {
    for (const auto& name : at(names, "names")) {
        if (at(name, "name") != host_name) continue;
        std::string addresses;
        for (const auto& address : at(name, "addresses"))
            addresses += (addresses.empty() ? "" : ", ") + text(address);
        const auto& left = at(name, "ask_seconds");
        const auto age = age_text(at(name, "good_at"), view);
        return line(
            1, "name",
            fmt::format("{} is {}: {}{}, {}{}", host_name, text(name, "state"),
                        addresses.empty() ? "no address" : addresses,
                        age == "-" ? "" : fmt::format(", answered {} ago", age),
                        left.is_number()
                            ? fmt::format("asked for again in {:.0f} s", left.get<double>())
                            : "being asked for",
                        at(name, "problem").is_string() ? ": " + text(name, "problem") : ""));
    }
    return {};
}

std::string explain(const json& status, const json& service, const std::string& server,
                    const View& view) {
    std::string out;
    const auto& content = at(service, "service");
    for (const auto& pool : at(content, "pools")) {
        if (!server.empty() && !names_server(pool, server)) continue;
        out += fmt::format("{} {} ({}, {}, {})\n", text(content, "name"), text(pool, "vip_address"),
                           text(pool, "family"), port_text(content), kernel_options(content));
        out += explain_servers(pool, server, view);
        out += explain_pool(status, pool, view);
        out += explain_address(status, text(pool, "vip_address"), view);
    }
    for (const auto& entry : at(content, "unresolved")) {
        if (!server.empty() && at(entry, "name") != server) continue;
        out += fmt::format("{}: server {} is in no pool: {}\n", text(content, "name"),
                           text(entry, "name"), reason(entry, "reason"));
    }
    return out;
}

std::string objection_to_depool(const json& service, const std::string& server) {
    const auto& content = at(service, "service");
    for (const auto& pool : at(content, "pools")) {
        for (const auto& entry : at(pool, "servers")) {
            if (at(entry, "name") != server) continue;
            const bool counts = at(entry, "health") == "up" && at(entry, "admin") == "enabled" &&
                                at(entry, "weight") != 0;
            const auto up = at(pool, "up").get<std::int64_t>();
            const auto floor = at(pool, "floor").get<std::int64_t>();
            if (!counts || up - 1 >= floor) continue;
            return fmt::format("{} {}: {} of {} up, without {} it would be {}, the floor is {}",
                               text(content, "name"), text(pool, "family"), up,
                               text(pool, "configured"), server, up - 1, floor);
        }
    }
    return "";
}

namespace {

/// The server in each of its pools: act(service, pool, server).
template <class Act>
void each_place(const json& services, const ServerName& name, Act act) {
    for (const auto& service : at(services, "services")) {
        if (!name.service.empty() && at(service, "name") != name.service) continue;
        for (const auto& pool : at(service, "pools")) {
            for (const auto& server : at(pool, "servers")) {
                if (at(server, "name") == name.server) act(service, pool, server);
            }
        }
    }
}

std::string connections_text(const json& server) {
    const auto& counted = at(server, "connections");
    if (!counted.is_object()) return "its connections have not been counted yet";
    const auto active = counted.value("active", std::uint64_t{0});
    return fmt::format("{} connections, {} of them established",
                       active + counted.value("inactive", std::uint64_t{0}), active);
}

}  // namespace

bool settled(const json& services, const ServerName& name, bool pooled) {
    bool all = true;
    bool somewhere = false;
    each_place(services, name, [&](const json&, const json&, const json& server) {
        somewhere = true;
        all = all && holds(server, "pooled") == pooled;
    });
    return all && (somewhere || !pooled);  // one that is unresolved is nowhere
}

std::vector<std::string> left_on(const json& services, const ServerName& name) {
    std::vector<std::string> left;
    each_place(services, name, [&](const json& service, const json& pool, const json& server) {
        if (at(server, "kernel_weight").is_null()) return;
        left.push_back(fmt::format("{} {}: {}", text(service, "name"), text(pool, "family"),
                                   connections_text(server)));
    });
    return left;
}

}  // namespace vipd
