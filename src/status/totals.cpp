#include "src/status/totals.hpp"

namespace vipd {
namespace {

void add(Totals& totals, const PoolView& pool) {
    ++totals.pools;
    totals.pools_fit += pool.fit ? 1U : 0U;
    totals.servers += pool.configured;
    totals.up += pool.up;
    totals.pooled += pool.pooled;
    totals.held += pool.held;
}

void add(Totals& totals, const VipAddressView& address) {
    ++totals.vip_addresses;
    totals.announced += address.wanted == Announcement::announced ? 1U : 0U;
    totals.advertised += address.advertised_to.empty() ? 0U : 1U;
}

}  // namespace

Totals count(const Snapshot& snapshot) {
    Totals totals;
    totals.services = snapshot.services.size();
    for (const auto& [name, service] : snapshot.services) {
        for (const auto& pool : service->pools)
            add(totals, pool);
    }
    for (const auto& [name, vip] : snapshot.vips) {
        for (const auto& address : vip->addresses)
            add(totals, address);
    }
    totals.peers = snapshot.peers.size();
    for (const auto& peer : snapshot.peers) {
        totals.peers_established += peer->state == bgp::SessionState::established ? 1U : 0U;
    }
    totals.alerts = snapshot.alerts.size();
    return totals;
}

}  // namespace vipd
