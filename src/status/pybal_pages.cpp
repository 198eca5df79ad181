#include "src/status/pybal_pages.hpp"

#include "src/base/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

/// One server over all families of a service.
struct PybalServer {
    std::string host;
    bool enabled = true;
    bool up = true;
    bool partially_up = true;
    bool pooled = true;
    std::int32_t weight = 0;
};

/// As PyBal's calcPartialStatus: one monitor that says up is enough, and none at all too.
bool is_partially_up(const ServerView& server) {
    return server.monitors.empty() ||
           std::ranges::any_of(server.monitors, [](const MonitorView& monitor) {
               return monitor.health == monitors::Health::up;
           });
}

std::vector<PybalServer> servers_of(const ServiceView& service) {
    std::vector<PybalServer> servers;
    for (const auto& pool : service.pools) {
        for (const auto& view : pool.servers) {
            auto known = std::ranges::find(servers, view.name, &PybalServer::host);
            if (known == servers.end())
                known = servers.insert(known, PybalServer{.host = view.name});
            known->enabled = known->enabled && view.admin == Admin::enabled;
            known->up = known->up && view.health == monitors::Health::up;
            known->partially_up = known->partially_up && is_partially_up(view);
            known->pooled = known->pooled && view.pooled;
            known->weight = view.weight;
        }
    }
    return servers;
}

std::string text_status(const PybalServer& server) {
    return fmt::format("{}/{}/{}", server.enabled ? "enabled" : "disabled",
                       server.up             ? "up"
                       : server.partially_up ? "partially up"
                                             : "down",
                       server.pooled ? "pooled" : "not pooled");
}

/// With the blanks of Python's json.dumps.
std::string json_status(const PybalServer& server) {
    return fmt::format(R"({{"pooled": {}, "weight": {}, "up": {}, "enabled": {}}})", server.pooled,
                       server.weight, server.up, server.enabled);
}

std::string json_string(const std::string& text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

HttpResponse response(const HttpRequest& request, unsigned status, std::string text) {
    auto made = json_response(status, std::move(text));
    made.content_type = wants_pybal_json(request) ? "application/json" : "text/plain";
    return made;
}

HttpResponse not_found(const HttpRequest& request) {
    constexpr auto sentence = "The desired url was not found";
    return response(
        request, 404,
        wants_pybal_json(request) ? fmt::format(R"({{"error": "{}"}})", sentence) : sentence);
}

HttpResponse list_pools(const HttpRequest& request, const Snapshot& snapshot) {
    std::vector<std::string> names;
    const bool json = wants_pybal_json(request);
    for (const auto& [name, service] : snapshot.services) {
        names.push_back(json ? json_string(name) : name);
    }
    return response(request, 200,
                    json ? fmt::format("[{}]", fmt::join(names, ", "))
                         : fmt::format("{}\n", fmt::join(names, "\n")));
}

HttpResponse show_pool(const HttpRequest& request, const ServiceView& service) {
    std::vector<std::string> members;
    std::string lines;
    for (const auto& server : servers_of(service)) {
        members.push_back(json_string(server.host) + ": " + json_status(server));
        lines += server.host + ":\t" + text_status(server) + "\n";
    }
    return response(
        request, 200,
        wants_pybal_json(request) ? fmt::format("{{{}}}", fmt::join(members, ", ")) : lines);
}

HttpResponse show_server(const HttpRequest& request, const ServiceView& service,
                         const std::string& host) {
    for (const auto& server : servers_of(service)) {
        if (server.host != host) continue;
        return response(
            request, 200,
            wants_pybal_json(request) ? json_status(server) : text_status(server) + "\n");
    }
    return not_found(request);
}

std::vector<std::string> down_but_pooled(const ServiceView& service) {
    std::vector<std::string> hosts;
    for (const auto& pool : service.pools) {
        for (const auto& server : pool.servers) {
            const bool counts = server.health == monitors::Health::down && server.pooled;
            if (counts && std::ranges::find(hosts, server.name) == hosts.end()) {
                hosts.push_back(server.name);
            }
        }
    }
    return hosts;
}

/// PyBal: N < N × t + 1. With F = ceil(N × t) that is F = N: not even one server may be lost.
bool is_too_small(const ServiceView& service) {
    return std::ranges::any_of(service.pools, [](const PoolView& pool) {
        return pool.configured > 1 && pool.floor >= pool.configured;
    });
}

}  // namespace

bool wants_pybal_json(const HttpRequest& request) {
    return std::ranges::find(request.accept, "application/json") != request.accept.end();
}

HttpResponse pybal_pools(const HttpRequest& request, const RequestTarget& target,
                         const Snapshot& snapshot) {
    if (target.path.size() == 1) return list_pools(request, snapshot);
    const auto service = snapshot.services.find(target.path[1]);
    if (service == snapshot.services.end()) return not_found(request);
    if (target.path.size() == 2) return show_pool(request, *service->second);
    return show_server(request, *service->second, target.path[2]);
}

HttpResponse pybal_alerts(const HttpRequest& request, const Snapshot& snapshot) {
    std::vector<std::string> critical;
    std::string warning;
    for (const auto& [name, service] : snapshot.services) {
        const auto down = down_but_pooled(*service);
        if (!down.empty()) {
            critical.push_back(fmt::format("{}: Servers {} are marked down but pooled", name,
                                           fmt::join(down, ", ")));
        } else if (is_too_small(*service)) {
            warning += fmt::format("Pool {} is too small to allow depooling. ", name);
        }
    }
    std::string status = "ok";
    std::string message = "All pools are healthy";
    if (!critical.empty()) {
        status = "critical";
        message = fmt::format("{}", fmt::join(critical, "; "));
    } else if (!warning.empty()) {
        status = "warning";
        message = warning;
    }
    if (wants_pybal_json(request)) {
        return response(
            request, 200,
            fmt::format(R"({{"status": "{}", "msg": {}}})", status, json_string(message)));
    }
    std::ranges::transform(status, status.begin(),
                           [](char letter) { return static_cast<char>(letter - 'a' + 'A'); });
    return response(request, 200, status + " - " + message);
}

}  // namespace vipd
