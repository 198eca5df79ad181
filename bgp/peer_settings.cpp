#include "bgp/peer_settings.hpp"

#include <algorithm>
#include <utility>

namespace vipd::bgp {

namespace {

/// Never as bad as a route that is leaving.
void worsen(RouteAttributes& attributes) {
    const auto worse = std::exchange(attributes.worse, {});
    constexpr std::uint32_t worst_med = 0xfffffffeU;
    constexpr unsigned longest_prepend = 32;
    if (worse.med > 0 && attributes.med.value_or(0) < worst_med) {
        const auto med = attributes.med.value_or(0);
        attributes.med = med + std::min(worse.med, worst_med - med);
    }
    if (worse.local_pref > 0) {
        const auto local_pref = attributes.local_pref.value_or(default_local_pref);
        attributes.local_pref =
            local_pref - std::min(worse.local_pref, std::max(local_pref, 1U) - 1);
    }
    attributes.prepend = static_cast<std::uint8_t>(
        std::min(unsigned{attributes.prepend} + worse.prepend, longest_prepend));
}

bool is_leaving(const RouteAttributes& attributes) {
    return std::ranges::find(attributes.communities, graceful_shutdown) !=
           attributes.communities.end();
}

}  // namespace

std::optional<RouteAttributes> overridden(const RouteOverrides& overrides, const Prefix& prefix,
                                          const RouteAttributes& attributes) {
    if (overrides.only && !overrides.only->contains(prefix)) return std::nullopt;
    auto result = attributes;
    const auto prepend = overrides.prepend.value_or(attributes.prepend);
    if (is_leaving(attributes)) {
        result.prepend = std::max(attributes.prepend, prepend);
    } else {
        result.prepend = prepend;
        if (overrides.med) result.med = overrides.med;
        if (overrides.local_pref) result.local_pref = overrides.local_pref;
    }
    worsen(result);
    add_communities(result, overrides.add_communities, overrides.add_large_communities);
    return result;
}

}  // namespace vipd::bgp
