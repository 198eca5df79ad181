#include "bgp/adj_rib_in.hpp"

namespace vipd::bgp {

void AdjRibIn::take(const Update& update) {
    for (const auto& prefix : update.withdrawn) {
        if (prefixes_.erase(prefix) > 0)
            --counts_[static_cast<std::size_t>(prefix.address.family())];
    }
    for (const auto& prefix : update.announced) {
        announce(prefix);
    }
}

void AdjRibIn::announce(const Prefix& prefix) {
    if (prefixes_.contains(prefix)) return;
    if (prefixes_.size() >= limit_) {
        exceeded_ = true;
        return;
    }
    prefixes_.insert(prefix);
    ++counts_[static_cast<std::size_t>(prefix.address.family())];
}

void AdjRibIn::clear() {
    prefixes_.clear();
    counts_ = {};
    exceeded_ = false;
}

}  // namespace vipd::bgp
