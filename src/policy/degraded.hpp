#pragma once
// How far a VIP is degraded by the share of healthy servers behind it, and what routers are told of
// it then (docs/policy.md §4.2). Pure.

#include "src/config/config.hpp"
#include "src/config/fraction.hpp"

#include <cstddef>

namespace vipd {

/// How many of `steps` equal steps below the share `below` a pool is: 0 while at least that share
/// of its configured servers is up and enabled, `steps` when (almost) none is.
unsigned degraded_step(std::size_t up, std::size_t configured, const Fraction& below,
                       unsigned steps);

/// The route of an address that is degraded by so many steps; 0: as it is.
bgp::RouteAttributes degraded_attributes(bgp::RouteAttributes attributes,
                                         const DegradedConfig& config, unsigned step);

}  // namespace vipd
