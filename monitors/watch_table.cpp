#include "monitors/watch_table.hpp"

#include <algorithm>
#include <utility>

namespace vipd::monitors {

namespace {

/// What a plan's probes do, without who asks and what it makes of the answer.
ProbePlan common_part(ProbePlan plan) {
    plan.id = 0;
    plan.thresholds = {};
    plan.initial = Health::unknown;
    return plan;
}

std::size_t hash_of(const ProbePlan& common) {
    return hash_value(common.check) ^ (std::hash<Address>{}(common.target.address) * 31U) ^
           (std::size_t{common.target.port} << 16U) ^
           (std::size_t{common.path ? common.path->mark : 0} * 0x9e3779b97f4a7c15U);
}

}  // namespace

std::optional<WatchTable::Slot> WatchTable::subscribe(ProbePlan plan,
                                                      const std::function<void(Slot)>& abandoned) {
    const ProbeId id = plan.id;
    const Thresholds thresholds = plan.thresholds;
    Health health = plan.initial;
    auto common = common_part(std::move(plan));

    if (auto* known = find_id(id)) {
        if (known->plan == common) {
            known->subscribers.change(id, thresholds);
            return std::nullopt;
        }
        health = known->subscribers.health(id);
        unsubscribe(id, abandoned);
    }
    const auto hash = hash_of(common);
    if (const auto equal = equal_watch(common, hash)) {
        at(*equal).subscribers.add(id, thresholds, health);
        by_id_.emplace(id, *equal);
        return std::nullopt;
    }
    const Slot slot = allocate();
    by_id_.emplace(id, slot);
    by_plan_.emplace(hash, slot);
    auto& watch = at(slot);
    watch.check = prepared(common.check);
    watch.plan = std::move(common);
    watch.subscribers.add(id, thresholds, health);
    return slot;
}

void WatchTable::unsubscribe(ProbeId id, const std::function<void(Slot)>& abandoned) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    const Slot slot = found->second;
    by_id_.erase(found);
    auto& watch = at(slot);
    watch.subscribers.remove(id);
    if (!watch.subscribers.empty()) return;

    abandoned(slot);
    const auto [begin, end] = by_plan_.equal_range(hash_of(watch.plan));
    by_plan_.erase(
        std::find_if(begin, end, [slot](const auto& entry) { return entry.second == slot; }));
    watches_[slot].reset();
    free_.push_back(slot);
}

Watch* WatchTable::find_id(ProbeId id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : watches_[found->second].get();
}

std::optional<WatchTable::Slot> WatchTable::equal_watch(const ProbePlan& common,
                                                        std::size_t hash) const {
    const auto [begin, end] = by_plan_.equal_range(hash);
    const auto found = std::find_if(
        begin, end, [&](const auto& entry) { return watches_[entry.second]->plan == common; });
    if (found == end) return std::nullopt;
    return found->second;
}

WatchTable::Slot WatchTable::allocate() {
    if (free_.empty()) {
        watches_.push_back(nullptr);
        free_.push_back(static_cast<Slot>(watches_.size() - 1));
    }
    const Slot slot = free_.back();
    free_.pop_back();
    watches_[slot] = std::make_unique<Watch>();
    watches_[slot]->run = first_run_();
    return slot;
}

std::shared_ptr<const PreparedCheck> WatchTable::prepared(const Check& check) {
    const auto hash = hash_value(check);
    const auto [begin, end] = checks_.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry) {
        auto known = entry->second.lock();
        if (known && known->check() == check) return known;
    }
    std::erase_if(checks_, [](const auto& entry) { return entry.second.expired(); });
    auto made = std::make_shared<const PreparedCheck>(check);
    checks_.emplace(hash, made);
    return made;
}

}  // namespace vipd::monitors
