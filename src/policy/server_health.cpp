#include "src/policy/server_health.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {

using monitors::Health;

ServerHealth judge(std::span<const MonitorVerdict> monitors) {
    if (std::ranges::all_of(monitors, &MonitorVerdict::advisory)) {
        return {Health::up, {"unmonitored", "no monitors that count are configured"}};
    }
    const MonitorVerdict* waiting = nullptr;
    for (const auto& monitor : monitors) {
        if (monitor.advisory) continue;
        if (monitor.health == Health::down) {
            return {
                Health::down,
                {monitor.reason.code, fmt::format("{}: {}", monitor.type, monitor.reason.text)}};
        }
        if (monitor.health == Health::unknown) waiting = &monitor;
    }
    if (waiting != nullptr) {
        return {Health::unknown, {"not-judged", waiting->type + ": no verdict yet"}};
    }
    return {Health::up, {"monitors-up", "all monitors that count succeed"}};
}

}  // namespace vipd
