#include "src/policy/degraded.hpp"

#include <algorithm>
#include <limits>

namespace vipd {
namespace {

template <class T>
T times(T value, unsigned count) {
    const auto product = std::uint64_t{value} * count;
    return static_cast<T>(std::min<std::uint64_t>(product, std::numeric_limits<T>::max()));
}

}  // namespace

/// Exact, as the floor is: up / configured < below × left / steps.
unsigned degraded_step(std::size_t up, std::size_t configured, const Fraction& below,
                       unsigned steps) {
    unsigned left = steps;
    while (left > 0 && up * steps < below.ceil_of(configured * left))
        --left;
    return steps - left;
}

bgp::RouteAttributes degraded_attributes(bgp::RouteAttributes attributes,
                                         const DegradedConfig& config, unsigned step) {
    if (step == 0) return attributes;
    attributes.worse = {.med = times(config.worse.med, step),
                        .local_pref = times(config.worse.local_pref, step),
                        .prepend = times(config.worse.prepend, step)};
    add_communities(attributes, config.communities, config.large_communities);
    return attributes;
}

}  // namespace vipd
