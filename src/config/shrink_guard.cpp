#include "src/config/shrink_guard.hpp"

#include "src/config/kernel_service.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

namespace vipd {

namespace {

constexpr std::size_t fewest_for_share = 4;
constexpr std::size_t most_percent = 30;

struct PoolSize {
    std::size_t configured = 0;
    std::size_t enabled = 0;
};

PoolSize pool_size(const ServiceConfig& service, Family family) {
    PoolSize size;
    for (const auto& [name, server] : service.servers) {
        if (!may_have_address(server, family)) continue;
        ++size.configured;
        if (server.state == Admin::enabled) ++size.enabled;
    }
    return size;
}

// A server is counted once for each service that it is in: that is what loses it.
std::set<std::pair<std::string, std::string>> servers_of(const Config& config) {
    std::set<std::pair<std::string, std::string>> servers;
    for (const auto& [service_name, service] : config.services) {
        for (const auto& [name, server] : service.servers)
            servers.emplace(service_name, name);
    }
    return servers;
}

std::set<std::string> services_of(const Config& config) {
    std::set<std::string> names;
    for (const auto& [name, service] : config.services)
        names.insert(name);
    return names;
}

template <class T>
void object_to_share(const std::set<T>& before, const std::set<T>& after, const std::string& what,
                     std::vector<std::string>& objections) {
    const auto gone = static_cast<std::size_t>(
        std::ranges::count_if(before, [&after](const T& entry) { return !after.contains(entry); }));
    if (before.size() < fewest_for_share || gone * 100 <= before.size() * most_percent) return;
    objections.push_back(fmt::format("{} of {} {} would be removed, more than {} %", gone,
                                     before.size(), what, most_percent));
}

void object_to_pool(const std::string& name, Family family, const ServiceConfig& before,
                    const ServiceConfig& after, std::vector<std::string>& objections) {
    const auto old_size = pool_size(before, family);
    const auto new_size = pool_size(after, family);
    const auto subject = fmt::format("service {} {}", name, to_string(family));
    if (old_size.configured > 0 && new_size.configured == 0) {
        objections.push_back(fmt::format("{}: the pool would be emptied ({} servers before)",
                                         subject, old_size.configured));
        return;
    }
    // A pool that was below its floor already is no reason to refuse what does not make it worse.
    const auto floor = before.depool_threshold.ceil_of(old_size.configured);
    if (new_size.enabled < floor && new_size.enabled < old_size.enabled) {
        objections.push_back(fmt::format(
            "{}: {} enabled servers would be left, below the floor of {} ({} of {})", subject,
            new_size.enabled, floor, before.depool_threshold.to_string(), old_size.configured));
    }
}

}  // namespace

std::vector<std::string> shrink_objections(const Config& before, const Config& after) {
    std::vector<std::string> objections;
    for (const auto& [name, service] : before.services) {
        const auto kept = after.services.find(name);
        if (kept == after.services.end()) continue;
        for (const auto family : {Family::ipv4, Family::ipv6}) {
            object_to_pool(name, family, service, kept->second, objections);
        }
    }
    object_to_share(servers_of(before), servers_of(after), "servers", objections);
    object_to_share(services_of(before), services_of(after), "services", objections);
    return objections;
}

}  // namespace vipd
