#include "src/control/log_limit.hpp"

#include <algorithm>

namespace vipd {

bool LogLimit::admit(const std::string& cause, TimePoint now) {
    auto& window = windows_.try_emplace(cause, Window{now + window_length, 0}).first->second;
    return ++window.lines <= most;
}

std::vector<LogLimit::Left> LogLimit::take_left(TimePoint now) {
    std::vector<Left> left;
    for (const auto& [cause, window] : windows_) {
        if (window.end <= now && window.lines > most) left.push_back({cause, window.lines - most});
    }
    std::erase_if(windows_, [&](const auto& entry) { return entry.second.end <= now; });
    return left;
}

std::optional<TimePoint> LogLimit::deadline() const {
    std::optional<TimePoint> earliest;
    for (const auto& [cause, window] : windows_)
        earliest = earlier(earliest, window.end);
    return earliest;
}

}  // namespace vipd
