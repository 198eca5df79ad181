#include "src/status/service_selection.hpp"

#include <algorithm>
#include <charconv>

namespace vipd {
namespace {

constexpr std::size_t default_limit = 1000;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

bool mentions(const PoolView& pool, const std::string& text) {
    if (contains(pool.vip_address.to_string(), text)) return true;
    return std::ranges::any_of(pool.servers, [&](const ServerView& server) {
        return contains(server.name, text) || contains(server.address.to_string(), text) ||
               contains(server.host_name.value_or(""), text);
    });
}

bool mentions(const ServiceView& service, const std::string& text) {
    if (contains(service.name, text) || contains(service.vip, text)) return true;
    return std::ranges::any_of(service.pools,
                               [&](const PoolView& pool) { return mentions(pool, text); }) ||
           std::ranges::any_of(service.unresolved, [&](const UnresolvedView& server) {
               return contains(server.name, text) || contains(server.host_name, text);
           });
}

bool is_impaired(const ServiceView& service) {
    if (!service.unresolved.empty()) return true;
    return std::ranges::any_of(service.pools, [](const PoolView& pool) {
        return !pool.fit || pool.held > 0 || pool.pooled < pool.configured;
    });
}

std::size_t count_servers(const ServiceView& service) {
    std::size_t count = 0;
    for (const auto& pool : service.pools)
        count += pool.servers.size();
    return count;
}

}  // namespace

std::optional<std::uint64_t> to_number(const std::string& text) {
    std::uint64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::optional<std::size_t> read_limit(const RequestTarget& target) {
    if (!target.query.contains("limit")) return default_limit;
    const auto limit = to_number(target.text("limit"));
    return limit == 0U ? std::nullopt : limit;
}

ServicePage select_services(const Snapshot& snapshot, const RequestTarget& target,
                            const PageLimit& limit) {
    const auto text = target.text("q");
    const auto vip = target.text("vip");
    const bool impaired = target.flag("impaired");
    ServicePage page;
    std::size_t servers = 0;
    for (auto entry = snapshot.services.lower_bound(target.text("from"));
         entry != snapshot.services.end(); ++entry) {
        const auto& service = *entry->second;
        if (!vip.empty() && service.vip != vip) continue;
        if (impaired && !is_impaired(service)) continue;
        if (!text.empty() && !mentions(service, text)) continue;
        ++page.matched;
        if (!page.next.empty()) continue;
        servers += count_servers(service);
        const bool fits = page.services.size() < limit.services && servers <= limit.servers;
        if (fits || page.services.empty()) {
            page.services.push_back(&service);
        } else {
            page.next = entry->first;
        }
    }
    return page;
}

}  // namespace vipd
