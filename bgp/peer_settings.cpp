#include "bgp/peer_settings.hpp"

#include <algorithm>

namespace vipd::bgp {

namespace {

template <class T>
void add_sorted(std::vector<T>& values, const std::vector<T>& added) {
    values.insert(values.end(), added.begin(), added.end());
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
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
    add_sorted(result.communities, overrides.add_communities);
    add_sorted(result.large_communities, overrides.add_large_communities);
    return result;
}

}  // namespace vipd::bgp
