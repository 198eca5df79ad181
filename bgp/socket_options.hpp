#pragma once
// What a BGP session asks of its socket. Linux; each function throws std::system_error naming the
// option.

#include "bgp/peer_settings.hpp"
#include "src/base/address.hpp"

#include <cstdint>
#include <string>

namespace vipd::bgp {

/// TCP_NODELAY, TCP_USER_TIMEOUT, class selector 6, TTL and the TTL that is accepted: for dialled
/// and accepted sockets.
void set_session_options(int socket, const PeerSettings& peer, bool ibgp);

/// Makes a listening socket answer with TTL 255, as peers with RFC 5082 ask for.
void set_listener_options(int socket, Family family);

/// RFC 2385: the key for this peer on a dialling or listening socket; empty: none any more.
void set_md5_key(int socket, const Address& peer, const std::string& key);

}  // namespace vipd::bgp
