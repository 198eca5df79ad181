#include "src/control/departure.hpp"

#include <algorithm>

namespace vipd {

StopProgress VipDeparture::progress() const {
    std::set<std::string> told;
    for (const auto& address : addresses) {
        told.insert(address.advertised_to.begin(), address.advertised_to.end());
    }
    return {.peers_told = told.size(), .sessions_closed = true, .dataplane_settled = true};
}

bool ServiceDeparture::is_over(TimePoint now) const {
    const auto is_idle = [](const Server& server) { return idle(leaving_server(server)); };
    return until <= now || (std::ranges::all_of(pool.servers, is_idle) &&
                            std::ranges::all_of(pool.leaving, is_idle));
}

bgp::RouteAttributes leaving_attributes(bgp::RouteAttributes attributes) {
    attributes.med = 0xffffffffU;
    attributes.local_pref = 0;
    attributes.communities.push_back(bgp::graceful_shutdown);
    auto& communities = attributes.communities;
    std::ranges::sort(communities);
    communities.erase(std::unique(communities.begin(), communities.end()), communities.end());
    return attributes;
}

ipvs::Service emptied(ipvs::Service service) {
    for (auto& [key, destination] : service.destinations)
        destination.weight = 0;
    return service;
}

}  // namespace vipd
