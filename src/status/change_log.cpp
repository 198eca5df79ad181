#include "src/status/change_log.hpp"

namespace vipd {
namespace {

/// Snapshots come at most every 50 ms: more than a follower's pause between two looks.
constexpr std::size_t most_pictures = 64;
/// More changes than this are told as "all": the reader then asks for everything once.
constexpr std::size_t most_names = 200;

}  // namespace

std::vector<std::string> changed_services(const Snapshot& before, const Snapshot& now) {
    std::vector<std::string> names;
    auto old = before.services.begin();
    auto current = now.services.begin();
    while (old != before.services.end() || current != now.services.end()) {
        if (old == before.services.end()) {
            names.push_back((current++)->first);
        } else if (current == now.services.end() || old->first < current->first) {
            names.push_back((old++)->first);
        } else if (current->first < old->first) {
            names.push_back((current++)->first);
        } else {
            if (old->second != current->second) names.push_back(current->first);
            ++old;
            ++current;
        }
    }
    return names;
}

void ChangeLog::note(const Snapshot* before, const Snapshot& now) {
    ++latest_;
    auto& names = changes_.emplace_back();
    if (before != nullptr) names = changed_services(*before, now);
    if (names && names->size() > most_names) names.reset();
    if (changes_.size() > most_pictures) changes_.pop_front();
}

std::optional<std::set<std::string>> ChangeLog::since(std::uint64_t number) const {
    const auto newer = latest_ - number;
    if (newer > changes_.size()) return std::nullopt;
    std::set<std::string> all;
    for (auto names = changes_.end() - static_cast<std::ptrdiff_t>(newer); names != changes_.end();
         ++names) {
        if (!*names) return std::nullopt;
        all.insert((*names)->begin(), (*names)->end());
    }
    if (all.size() > most_names) return std::nullopt;
    return all;
}

}  // namespace vipd
