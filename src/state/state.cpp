#include "src/state/state.hpp"

#include <algorithm>

namespace vipd {

namespace {

bool same_services(const State& one, const State& other) {
    return std::ranges::equal(one.services, other.services,
                              [](const auto& left, const auto& right) {
                                  return left.first == right.first && *left.second == *right.second;
                              });
}

}  // namespace

bool operator==(const State& one, const State& other) {
    return one.boot_id == other.boot_id && one.saved_at == other.saved_at &&
           one.running == other.running && one.unclean_starts == other.unclean_starts &&
           one.owned_services == other.owned_services &&
           one.owned_addresses == other.owned_addresses && one.overrides == other.overrides &&
           one.maintenance == other.maintenance && one.announced == other.announced &&
           one.lists == other.lists && one.names == other.names && same_services(one, other);
}

FileTexts last_lists(const AcceptedConfig& accepted) {
    FileTexts lists;
    const auto reading = load_config(accepted.file, accepted.node, KeptFiles(accepted.texts), {});
    if (!reading.ok()) return lists;
    for (const auto& file : list_files(reading.config))
        lists.emplace(file, reading.files.at(file));
    return lists;
}

State started(State previous, WallTime now) {
    if (previous.running) previous.unclean_starts.push_back(now);
    // A clock that was set back leaves times in the future: they are as useless as old ones.
    std::erase_if(previous.unclean_starts,
                  [now](WallTime at) { return at > now || now - at > crash_window; });
    previous.running = true;
    return previous;
}

std::size_t recent_unclean_starts(const State& state, WallTime now) {
    return static_cast<std::size_t>(std::ranges::count_if(state.unclean_starts, [now](WallTime at) {
        return at <= now && now - at <= crash_window;
    }));
}

bool health_is_fresh(const State& state, const std::string& boot_id, WallTime now,
                     Duration interval) {
    constexpr int most_intervals = 3;
    constexpr Duration least = std::chrono::seconds(30);
    if (state.boot_id.empty() || state.boot_id != boot_id || state.saved_at > now) return false;
    return now - state.saved_at <= std::max(least, most_intervals * interval);
}

}  // namespace vipd
