#pragma once
// From the configuration to what bgp/ wants to know. Reads the key files: start and reload only.

#include "bgp/speaker.hpp"
#include "src/config/config.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <vector>

namespace vipd {

bgp::SpeakerSettings speaker_settings(const BgpConfig& config);

/// All peers of config.bgp, which must be there, keys included; or the first thing that is wrong
/// with a key file, in words for the operator. A key file must be a regular file of 1..80 bytes (a
/// final newline does not count) that others can neither read nor write.
boost::system::result<std::vector<bgp::PeerSettings>, std::string> peer_settings(
    const Config& config);

}  // namespace vipd
