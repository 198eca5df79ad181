#include "src/policy/fitness.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

/// Coming back asks for more than staying: a pool at its floor must not flap with its last server.
std::size_t up_needed(const FitnessInput& input, const FitnessRules& rules) {
    const auto at_least = std::max<std::size_t>(rules.min_up, 1);
    if (input.was_fit) {
        return std::max<std::size_t>(at_least, rules.min_up_share.ceil_of(input.enabled));
    }
    return std::max(at_least, input.floor);
}

}  // namespace

Fitness decide_fitness(const FitnessInput& input, const FitnessRules& rules) {
    if (input.enabled == 0) return {false, {"none-enabled", "no server is enabled"}};
    const auto needed = up_needed(input, rules);
    const auto* const aim = input.was_fit ? "stay" : "become";
    if (input.up < needed) {
        return {false,
                {"too-few-up", fmt::format("{} up, {} needed to {} fit", input.up, needed, aim)}};
    }
    if (!input.programmed) {
        return {
            false,
            {"not-programmed", input.refused ? "the kernel refused the service: " + *input.refused
                                             : "the service is not in the kernel yet"}};
    }
    if (input.up_programmed < needed) {
        return {false,
                {"not-programmed",
                 fmt::format("{} of {} up servers are in the kernel, {} needed to {} fit",
                             input.up_programmed, input.up, needed, aim)}};
    }
    return {true, {"enough-up", fmt::format("{} up, {} needed", input.up, needed)}};
}

}  // namespace vipd
