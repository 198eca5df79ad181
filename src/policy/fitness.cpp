#include "src/policy/fitness.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

/// Becoming fit asks for more than staying fit and never for less, so that a pool at its edge does
/// not flap.
std::size_t up_needed(const FitnessInput& input, const FitnessRules& rules) {
    const std::size_t to_stay = std::max({std::size_t{1}, std::size_t{rules.min_up},
                                          std::size_t{rules.min_up_share.ceil_of(input.enabled)}});
    return input.was_fit ? to_stay : std::max(to_stay, input.floor);
}

}  // namespace

Fitness decide_fitness(const FitnessInput& input, const FitnessRules& rules) {
    if (input.enabled == 0)
        return {false, {"none-enabled", "no enabled server with an address of this family"}};
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
