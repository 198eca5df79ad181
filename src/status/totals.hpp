#pragma once
// Counts over a whole snapshot, from the counts that pools carry: 5,000 services cost microseconds,
// not a walk over 100,000 servers.

#include "src/status/snapshot.hpp"

#include <cstddef>

namespace vipd {

struct Totals {
    std::size_t services = 0;
    std::size_t pools = 0;
    std::size_t pools_fit = 0;
    std::size_t servers = 0;  // a server with two families counts in both pools
    std::size_t up = 0;  // up and enabled
    std::size_t pooled = 0;
    std::size_t held = 0;
    std::size_t vip_addresses = 0;
    std::size_t announced = 0;  // wanted
    std::size_t advertised = 0;  // written to at least one peer
    std::size_t peers = 0;
    std::size_t peers_established = 0;
    std::size_t alerts = 0;

    bool operator==(const Totals&) const = default;
};

Totals count(const Snapshot& snapshot);

}  // namespace vipd
