#include "monitors/result_log.hpp"

#include <utility>

namespace vipd::monitors {

void ResultLog::add(const ProbeResult& result) {
    std::shared_ptr<const Reason> reason;
    if (!entries_.empty()) {
        const auto& newest = entries_[(oldest_ + entries_.size() - 1) % entries_.size()];
        if (*newest.reason == result.reason) reason = newest.reason;
    }
    if (!reason) reason = std::make_shared<const Reason>(result.reason);
    Entry entry{.finished = result.finished,
                .reason = std::move(reason),
                .phases = result.phases,
                .weight = result.weight,
                .took = static_cast<std::uint32_t>(result.took.count()),
                .success = result.success};
    if (entries_.size() < most) {
        entries_.push_back(std::move(entry));
        return;
    }
    entries_[oldest_] = std::move(entry);
    oldest_ = (oldest_ + 1) % most;
}

Engine::History ResultLog::results() const {
    Engine::History results;
    results.reserve(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& entry = entries_[(oldest_ + i) % entries_.size()];
        results.push_back({.success = entry.success,
                           .reason = *entry.reason,
                           .took = std::chrono::microseconds(entry.took),
                           .finished = entry.finished,
                           .phases = entry.phases,
                           .weight = entry.weight});
    }
    return results;
}

}  // namespace vipd::monitors
