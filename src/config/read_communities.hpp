#pragma once
// "communities" and "large_communities", wherever they may be written.

#include "bgp/types.hpp"
#include "src/config/object_reader.hpp"

#include <vector>

namespace vipd {

/// What is written replaces what was there; sorted.
void read_communities(ObjectReader& reader, std::vector<bgp::Community>& communities,
                      std::vector<bgp::LargeCommunity>& large_communities);

}  // namespace vipd
