#pragma once
// The "bgp" section and the peer defaults.

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"

#include <string>

namespace vipd {

/// Keys that a peer and "defaults"."peer" share. What is not written keeps the value it has in
/// `peer`.
void read_peer_settings(ObjectReader& reader, const Folders& folders, PeerConfig& peer);

/// The whole section; `base` is what every peer starts from.
BgpConfig read_bgp(ObjectReader& reader, const Folders& folders, const PeerConfig& base);

/// An array of addresses with ports to listen on.
void read_endpoints(ObjectReader& reader, std::string_view key, std::vector<Endpoint>& into);

}  // namespace vipd
