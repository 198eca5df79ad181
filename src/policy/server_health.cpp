#include "src/policy/server_health.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {

using monitors::Health;

namespace {

std::string name_of(const MonitorVerdict& monitor) {
    return monitor.via_vip ? monitor.type + " through the VIP" : monitor.type;
}

/// What the server's own address says in contrast to the way through the VIP.
const MonitorVerdict* up_on_its_own_address(std::span<const MonitorVerdict> monitors) {
    const auto found = std::ranges::find_if(monitors, [](const MonitorVerdict& monitor) {
        return !monitor.via_vip && monitor.health == Health::up;
    });
    return found == monitors.end() ? nullptr : &*found;
}

Reason down_reason(const MonitorVerdict& down, std::span<const MonitorVerdict> monitors) {
    const auto text = fmt::format("{}: {}", name_of(down), down.reason.text);
    const auto* direct = down.via_vip ? up_on_its_own_address(monitors) : nullptr;
    if (direct == nullptr) return {down.reason.code, text};
    return {"not-through-vip",
            fmt::format("{}; but {} succeeds on its own address: is the VIP missing on the server, "
                        "or its tunnel device down, or does it listen on its own address alone?",
                        text, direct->type)};
}

}  // namespace

ServerHealth judge(std::span<const MonitorVerdict> monitors) {
    if (std::ranges::all_of(monitors, &MonitorVerdict::advisory)) {
        return {Health::up, {"unmonitored", "no monitors that count are configured"}};
    }
    const MonitorVerdict* waiting = nullptr;
    for (const auto& monitor : monitors) {
        if (monitor.advisory) continue;
        if (monitor.health == Health::down) return {Health::down, down_reason(monitor, monitors)};
        if (monitor.health == Health::unknown) waiting = &monitor;
    }
    if (waiting != nullptr) {
        const auto& why = waiting->reason.text;
        return {Health::unknown,
                {"not-judged", name_of(*waiting) + ": " + (why.empty() ? "no verdict yet" : why)}};
    }
    return {Health::up, {"monitors-up", "all monitors that count succeed"}};
}

}  // namespace vipd
