#include "ipvs/address_plan.hpp"

#include <algorithm>

namespace vipd::ipvs {

AddressPlan::AddressPlan(const KernelOptions& options) : options_(options) {}

void AddressPlan::want(const std::map<VipAddress, bool>& addresses) {
    for (const auto& [address, wanted] : addresses) {
        Entry& entry = entries_[address];
        if (entry.wanted == wanted) continue;
        entry.wanted = wanted;
        entry.error.reset();
        entry.next_try = {};
    }
}

std::map<VipAddress, bool> AddressPlan::observe(const std::set<VipAddress>& present) {
    std::map<VipAddress, bool> news;
    for (auto& [address, entry] : entries_) {
        const bool there = present.contains(address);
        if (entry.present != there) news[address] = there;
        entry.present = there;
        if (there == entry.wanted) entry.error.reset();
    }
    std::erase_if(entries_, [](const auto& item) {
        return !item.second.wanted && item.second.present == false;
    });
    return news;
}

std::optional<bool> AddressPlan::presence(const VipAddress& address) const {
    const auto found = entries_.find(address);
    return found == entries_.end() ? false : found->second.present;
}

bool AddressPlan::has_unread() const {
    return std::ranges::any_of(entries_, [](const auto& item) { return !item.second.present; });
}

void AddressPlan::done(const VipAddress& address) {
    Entry& entry = entries_[address];
    entry.present = entry.wanted;
    entry.error.reset();
    if (!entry.wanted) entries_.erase(address);
}

void AddressPlan::refused(const VipAddress& address, const KernelError& error, TimePoint now) {
    Entry& entry = entries_[address];
    entry.delay =
        entry.error ? std::min(entry.delay * 2, options_.retry_longest) : options_.retry_first;
    entry.error = error;
    entry.next_try = now + entry.delay;
}

std::map<VipAddress, KernelError> AddressPlan::errors() const {
    std::map<VipAddress, KernelError> errors;
    for (const auto& [address, entry] : entries_) {
        if (entry.error) errors[address] = *entry.error;
    }
    return errors;
}

std::optional<TimePoint> AddressPlan::next_deadline() const {
    std::optional<TimePoint> earliest;
    for (const auto& [address, entry] : entries_) {
        if (entry.error && (!earliest || entry.next_try < *earliest)) earliest = entry.next_try;
    }
    return earliest;
}

bool AddressPlan::in_sync() const {
    return std::ranges::all_of(
        entries_, [](const auto& item) { return item.second.present == item.second.wanted; });
}

std::vector<VipAddress> AddressPlan::due(bool wanted, TimePoint now) const {
    std::vector<VipAddress> addresses;
    for (const auto& [address, entry] : entries_) {
        if (entry.wanted != wanted || !entry.present || *entry.present == wanted) continue;
        if (!entry.error || entry.next_try <= now) addresses.push_back(address);
    }
    return addresses;
}

}  // namespace vipd::ipvs
