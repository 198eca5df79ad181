#include "src/control/vip_paths.hpp"

#include <algorithm>
#include <variant>

namespace vipd {
namespace {

/// Longer than workers take to hear that probes have ended.
constexpr Duration linger{2000};

}  // namespace

void VipPaths::adopt(const ipvs::Table& table, const VipPathsConfig& range) {
    for (const auto& [key, service] : table) {
        const auto* mark = std::get_if<ipvs::FirewallMark>(&key);
        if (mark == nullptr || !range.contains(mark->mark)) continue;
        taken_.insert(*mark);
        if (service.destinations.size() != 1) continue;
        const auto& server = service.destinations.begin()->first;
        found_.emplace(std::pair(mark->family, server), Found{*mark, service});
    }
}

ipvs::WantedServices VipPaths::need(const std::set<VipPathKey>& keys, const VipPathsConfig& range,
                                    TimePoint now) {
    std::erase_if(needed_, [&](const auto& path) {
        const auto& [key, mark] = path;
        if (keys.contains(key) && range.contains(mark.mark)) return false;
        leaving_.set(mark, now + linger);
        return true;
    });
    ipvs::WantedServices wanted;
    const auto left = reusable(range);
    for (const auto& key : keys) {
        if (needed_.contains(key)) continue;
        std::optional<ipvs::FirewallMark> mark;
        if (const auto known = left.find(key); known != left.end()) {
            mark = known->second;
            leaving_.set(*mark, std::nullopt);
        } else if (const auto found = take_found(key, range)) {
            mark = found->mark;
            acknowledge(services_[*mark] = Private{.key = key}, found->service);
        } else if ((mark = free_mark(key.vip_family, range))) {
            services_[*mark] = Private{.key = key};
        }
        if (!mark) continue;
        needed_.emplace(key, *mark);
        wanted[*mark] = private_service(key);
    }
    found_.clear();  // what nobody needs now, stays what it is: taken
    lacking_ = keys.size() - needed_.size();
    return wanted;
}

std::map<VipPathKey, ipvs::FirewallMark> VipPaths::reusable(const VipPathsConfig& range) const {
    std::map<VipPathKey, ipvs::FirewallMark> found;
    for (const auto& [mark, when] : leaving_.all()) {
        if (range.contains(mark.mark)) found.emplace(services_.at(mark).key, mark);
    }
    return found;
}

std::optional<VipPaths::Found> VipPaths::take_found(const VipPathKey& key,
                                                    const VipPathsConfig& range) {
    const auto wanted = private_service(key);
    const auto [begin, end] = found_.equal_range({key.vip_family, key.server});
    const auto entry = std::find_if(begin, end, [&](const auto& candidate) {
        const auto& [mark, service] = candidate.second;
        return service == wanted && range.contains(mark.mark);
    });
    if (entry == end) return std::nullopt;
    auto found = std::move(entry->second);
    found_.erase(entry);
    taken_.erase(found.mark);
    return found;
}

std::optional<ipvs::FirewallMark> VipPaths::free_mark(Family family, const VipPathsConfig& range) {
    const auto known = last_given_.find(family);
    const bool goes_on = known != last_given_.end() && range.contains(known->second);
    std::uint32_t next = goes_on ? known->second - range.first_mark + 1 : 0;
    for (std::uint32_t tried = 0; tried < range.count; ++tried, ++next) {
        const ipvs::FirewallMark mark{range.first_mark + next % range.count, family};
        if (services_.contains(mark) || taken_.contains(mark)) continue;
        last_given_[family] = mark.mark;
        return mark;
    }
    return std::nullopt;
}

ipvs::WantedServices VipPaths::expire(TimePoint now) {
    ipvs::WantedServices wanted;
    for (const auto& mark : leaving_.due(now)) {
        services_.at(mark).removed = true;
        leaving_.set(mark, std::nullopt);
        wanted[mark] = std::nullopt;
    }
    return wanted;
}

ipvs::WantedServices VipPaths::remove_all() {
    ipvs::WantedServices wanted;
    for (auto& [mark, service] : services_) {
        service.removed = true;
        wanted[mark] = std::nullopt;
    }
    needed_.clear();
    leaving_.clear();
    return wanted;
}

bool VipPaths::acknowledge(Private& service, std::optional<ipvs::Service> in_kernel) {
    service.in_kernel = std::move(in_kernel);
    const bool ready = service.in_kernel == private_service(service.key);
    return std::exchange(service.ready, ready) != ready;
}

bool VipPaths::observe(const ipvs::Table& table) {
    bool news = false;
    for (auto& [mark, service] : services_) {
        const auto found = table.find(mark);
        const bool there = found != table.end();
        news = acknowledge(service, there ? std::optional(found->second) : std::nullopt) || news;
    }
    std::erase_if(services_, [](const auto& entry) {
        return entry.second.removed && !entry.second.in_kernel;
    });
    return news;
}

bool VipPaths::observe(const ipvs::ServiceKey& key, const std::optional<ipvs::Service>& service) {
    const auto* mark = std::get_if<ipvs::FirewallMark>(&key);
    const auto known = mark == nullptr ? services_.end() : services_.find(*mark);
    if (known == services_.end()) return false;
    const bool news = acknowledge(known->second, service);
    if (known->second.removed && !service) services_.erase(known);
    return news;
}

std::optional<std::uint32_t> VipPaths::ready_mark(const VipPathKey& key) const {
    const auto known = needed_.find(key);
    if (known == needed_.end() || !services_.at(known->second).ready) return std::nullopt;
    return known->second.mark;
}

bool VipPaths::owns(const ipvs::ServiceKey& key) const {
    const auto* mark = std::get_if<ipvs::FirewallMark>(&key);
    return mark != nullptr && services_.contains(*mark);
}

bool VipPaths::any_programmed() const {
    return std::ranges::any_of(
        services_, [](const auto& entry) { return entry.second.in_kernel.has_value(); });
}

}  // namespace vipd
