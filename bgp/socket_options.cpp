#include "bgp/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

namespace vipd::bgp {

namespace {

constexpr int class_selector_6 = 0xc0;  // Internetwork Control (RFC 791), as routers mark BGP
constexpr int largest_ttl = 255;
constexpr int minimum_hop_limit =
    73;  // IPV6_MINHOPCOUNT of <linux/in6.h>, which clashes with <netinet/in.h>

template <class Value>
void set(int socket, int level, int option, const Value& value, const char* name) {
    if (setsockopt(socket, level, option, &value, sizeof value) != 0) {
        throw std::system_error(errno, std::generic_category(), name);
    }
}

void set_ttl(int socket, Family family, int ttl) {
    if (family == Family::ipv4) {
        set(socket, IPPROTO_IP, IP_TTL, ttl, "IP_TTL");
    } else {
        set(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, "IPV6_UNICAST_HOPS");
    }
}

void set_minimum_ttl(int socket, Family family, int ttl) {
    if (family == Family::ipv4) {
        set(socket, IPPROTO_IP, IP_MINTTL, ttl, "IP_MINTTL");
    } else {
        set(socket, IPPROTO_IPV6, minimum_hop_limit, ttl, "IPV6_MINHOPCOUNT");
    }
}

void set_traffic_class(int socket, Family family) {
    if (family == Family::ipv4) {
        set(socket, IPPROTO_IP, IP_TOS, class_selector_6, "IP_TOS");
    } else {
        set(socket, IPPROTO_IPV6, IPV6_TCLASS, class_selector_6, "IPV6_TCLASS");
    }
}

/// The hold timer finds a dead peer first. This ends what it cannot: a connection where only our
/// direction is dead, or with hold time 0. Not shorter, for the kernel counts a full window of a
/// slow peer as well.
unsigned user_timeout(std::chrono::seconds hold_time) {
    const auto timeout =
        std::max<std::chrono::milliseconds>(2 * hold_time, std::chrono::seconds(30));
    return static_cast<unsigned>(timeout.count());
}

}  // namespace

void set_session_options(int socket, const PeerSettings& peer, bool ibgp) {
    const auto family = peer.address.family();
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout(peer.hold_time), "TCP_USER_TIMEOUT");
    set_traffic_class(socket, family);
    if (peer.ttl_security_hops) {
        set_ttl(socket, family, largest_ttl);
        set_minimum_ttl(socket, family, largest_ttl + 1 - *peer.ttl_security_hops);
    } else if (peer.multihop) {
        set_ttl(socket, family, *peer.multihop);
    } else if (!ibgp) {
        set_ttl(socket, family, 1);
    }
}

void set_listener_options(int socket, Family family) {
    set_ttl(socket, family, largest_ttl);
}

void set_md5_key(int socket, const Address& peer, const std::string& key) {
    tcp_md5sig signature{};
    if (key.size() > sizeof signature.tcpm_key) {
        throw std::system_error(EINVAL, std::generic_category(), "TCP_MD5SIG key over 80 bytes");
    }
    const auto bytes = peer.bytes();
    if (peer.is_ipv4()) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&signature.tcpm_addr, &address, sizeof address);
    } else {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&signature.tcpm_addr, &address, sizeof address);
    }
    signature.tcpm_keylen = static_cast<std::uint16_t>(key.size());
    std::memcpy(signature.tcpm_key, key.data(), key.size());
    const bool done =
        setsockopt(socket, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature) == 0;
    const bool nothing_to_remove = key.empty() && errno == ENOENT;
    if (!done && !nothing_to_remove) {
        throw std::system_error(errno, std::generic_category(), "TCP_MD5SIG");
    }
}

}  // namespace vipd::bgp
