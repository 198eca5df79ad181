#include "src/policy/slow_start.hpp"

#include <algorithm>

namespace vipd {
namespace {

constexpr int ramp_steps = 10;

std::int32_t weight_at(int step, std::int32_t weight, const SlowStartConfig& config) {
    constexpr std::int64_t percent_each = 100 / ramp_steps;
    const bool linear = config.curve == SlowStartConfig::Curve::linear;
    const std::int64_t curve = linear ? step * percent_each : std::int64_t{step} * step;
    const auto percent = std::max<std::int64_t>(config.min_percent, curve);
    return static_cast<std::int32_t>((std::int64_t{weight} * percent + 99) / 100);
}

}  // namespace

RampedWeight ramped_weight(std::int32_t weight, TimePoint since, const SlowStartConfig& config,
                           TimePoint now) {
    const auto begins = [&](int step) { return since + config.window * step / ramp_steps; };
    int step = 0;
    while (step < ramp_steps && begins(step + 1) <= now)
        ++step;
    RampedWeight ramped{weight_at(step, weight, config), std::nullopt};
    if (ramped.weight == weight) return ramped;
    do {
        ++step;
    } while (step < ramp_steps && weight_at(step, weight, config) == ramped.weight);
    ramped.next = begins(step);
    return ramped;
}

}  // namespace vipd
