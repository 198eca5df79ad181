#pragma once
// Whether a service can serve in a family (docs/policy.md). Pure. Held servers do not count, and
// only what the kernel has acknowledged does.

#include "src/base/reason.hpp"
#include "src/config/fraction.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace vipd {

struct FitnessRules {
    unsigned min_up = 1;
    Fraction min_up_share;
};

struct FitnessInput {
    std::size_t up = 0;  // U
    std::size_t enabled = 0;  // enabled servers
    std::size_t floor = 0;  // F
    /// The service exists in the kernel, as last acknowledged.
    bool programmed = false;
    /// Up and enabled servers that the kernel has with a weight above 0, as last acknowledged.
    std::size_t up_programmed = 0;
    /// Why the kernel refused the service itself, if it did.
    std::optional<std::string> refused;
    bool was_fit = false;
};

struct Fitness {
    bool fit = false;
    Reason reason;

    bool operator==(const Fitness&) const = default;
};

Fitness decide_fitness(const FitnessInput& input, const FitnessRules& rules);

}  // namespace vipd
