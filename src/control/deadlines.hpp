#pragma once
// When to look at what again. As cheap with thousands of them as with one: the earliest is asked
// for after every event.

#include "src/base/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace vipd {

template <class Key>
class Deadlines {
public:
    /// Instead of what there was for this key; nothing: none any more.
    void set(const Key& key, const std::optional<TimePoint>& when) {
        const auto known = by_key_.find(key);
        if (known != by_key_.end()) {
            if (known->second == when) return;
            by_time_.erase({known->second, key});
            by_key_.erase(known);
        }
        if (!when) return;
        by_key_.emplace(key, *when);
        by_time_.emplace(*when, key);
    }

    /// Not later than this.
    void bring_forward(const Key& key, TimePoint when) {
        const auto known = by_key_.find(key);
        if (known == by_key_.end() || when < known->second) set(key, when);
    }

    void clear() {
        by_key_.clear();
        by_time_.clear();
    }

    std::optional<TimePoint> earliest() const {
        return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
    }

    /// A copy: what is done about one may set others.
    std::vector<Key> due(TimePoint now) const {
        std::vector<Key> keys;
        for (auto next = by_time_.begin(); next != by_time_.end() && next->first <= now; ++next)
            keys.push_back(next->second);
        return keys;
    }

    const std::map<Key, TimePoint>& all() const { return by_key_; }

private:
    std::map<Key, TimePoint> by_key_;
    std::set<std::pair<TimePoint, Key>> by_time_;
};

}  // namespace vipd
