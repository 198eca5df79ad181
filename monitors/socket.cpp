#include "monitors/socket.hpp"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace vipd::monitors {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this == &other) return *this;
    reset();
    fd_ = other.fd_;
    other.fd_ = -1;
    return *this;
}

void Fd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

SocketAddress socket_address(const Endpoint& endpoint) {
    SocketAddress address;
    const auto bytes = endpoint.address.bytes();
    if (endpoint.address.is_ipv4()) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(endpoint.port);
        std::memcpy(&ipv4.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&address.storage, &ipv4, sizeof ipv4);
        address.length = sizeof ipv4;
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(endpoint.port);
        std::memcpy(&ipv6.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&address.storage, &ipv6, sizeof ipv6);
        address.length = sizeof ipv6;
    }
    return address;
}

namespace {

int set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

struct LocalAddress {
    SocketAddress address;
    int error = 0;
};

/// The address that this host would speak to `target` from. Sends nothing.
LocalAddress own_address_towards(const Address& target) {
    constexpr std::uint16_t any_port = 9;  // for connect(2) to be content
    const auto remote = socket_address({target, any_port});
    LocalAddress own;
    own.address.length = sizeof own.address.storage;
    const Fd socket(::socket(remote.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    auto* local = reinterpret_cast<sockaddr*>(&own.address.storage);
    if (!socket || ::connect(socket.get(), remote.get(), remote.length) != 0 ||
        ::getsockname(socket.get(), local, &own.address.length) != 0) {
        own.error = errno;
    }
    return own;
}

constexpr auto port_offset = offsetof(sockaddr_in, sin_port);
static_assert(port_offset == offsetof(sockaddr_in6, sin6_port));

std::uint16_t port_of(const SocketAddress& address) {
    std::uint16_t network_order = 0;
    std::memcpy(&network_order, reinterpret_cast<const char*>(&address.storage) + port_offset,
                sizeof network_order);
    return ntohs(network_order);
}

int bind_to(int fd, SocketAddress address, std::uint16_t port) {
    const auto network_order = htons(port);
    std::memcpy(reinterpret_cast<char*>(&address.storage) + port_offset, &network_order,
                sizeof network_order);
    return ::bind(fd, address.get(), address.length) == 0 ? 0 : errno;
}

/// Marked, from this host's own address and the path's port, which other probes of the same server
/// use too, towards other VIPs and ports. 0 or why not.
int enter_path(int fd, const VipPath& path, const std::optional<Address>& source) {
    if (const int error = set_option(fd, SOL_SOCKET, SO_MARK, static_cast<int>(path.mark)))
        return error;
    const auto [local, unknown] =
        source ? LocalAddress{socket_address({*source, 0}), 0} : own_address_towards(path.server);
    if (unknown != 0) return unknown;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const int error = bind_to(fd, local, path.source_port);
    return error == EADDRINUSE ? bind_to(fd, local, 0) : error;
}

/// 0 or why not.
int leave_from(int fd, const Address& source) {
    // The port is chosen at connect, when it may be shared between destinations (ip(7)).
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return bind_to(fd, socket_address({source, 0}), 0);
}

Connecting connect_socket(int type, int protocol, const Endpoint& target,
                          const std::optional<Address>& source,
                          const std::optional<VipPath>& path) {
    const auto address = socket_address(target);
    Connecting result{.socket = Fd(::socket(address.storage.ss_family,
                                            type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)),
                      .error = 0};
    const int fd = result.socket.get();
    if (!result.socket) {
        result.error = errno;
        return result;
    }
    if (type == SOCK_STREAM) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (type == SOCK_DGRAM) {
        const bool ipv4 = target.address.is_ipv4();
        set_option(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVERR : IPV6_RECVERR, 1);
    }
    if (path) {
        result.error = enter_path(fd, *path, source);
    } else if (source) {
        result.error = leave_from(fd, *source);
    }
    if (result.error != 0) return result;
    if (::connect(fd, address.get(), address.length) != 0) result.error = errno;
    return result;
}

}  // namespace

/// Closing it sends RST instead of FIN, so that nothing stays behind in TIME_WAIT, here or there: a
/// probe that is over has nothing more to say or to hear.
Connecting connect_stream(const Endpoint& target, const std::optional<Address>& source,
                          const std::optional<VipPath>& path) {
    return connect_socket(SOCK_STREAM, 0, target, source, path);
}

Connecting connect_datagram(const Endpoint& target, const std::optional<Address>& source,
                            const std::optional<VipPath>& path) {
    return connect_socket(SOCK_DGRAM, 0, target, source, path);
}

Connecting connect_icmp(const Address& target, const std::optional<Address>& source) {
    const int protocol = target.is_ipv4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    return connect_socket(SOCK_RAW, protocol, {target, 0}, source, {});
}

Listening listen_stream(const Address& address) {
    auto local = socket_address({address, 0});
    Listening result{.socket = Fd(::socket(local.storage.ss_family,
                                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
    const int fd = result.socket.get();
    auto* bound = reinterpret_cast<sockaddr*>(&local.storage);
    if (!result.socket || ::bind(fd, bound, local.length) != 0 || ::listen(fd, 1) != 0 ||
        ::getsockname(fd, bound, &local.length) != 0) {
        result.error = errno;
        return result;
    }
    result.port = port_of(local);
    return result;
}

int pending_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

bool is_own_fault(int error) {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EADDRNOTAVAIL:
        case EADDRINUSE:
        case EAGAIN:  // no free local port (connect(2))
        case EACCES:
        case EPERM:  // a local firewall
        case EAFNOSUPPORT:
            return true;
        default:
            return false;
    }
}

Reason socket_reason(int error) {
    const auto sentence = std::generic_category().message(error);
    switch (error) {
        case ECONNREFUSED:
            return {"connect-refused", "nothing listens there"};
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EHOSTDOWN:
        case ENETDOWN:
            return {"connect-unreachable", sentence};
        case ETIMEDOUT:
            return {"timeout", "the kernel gave up on the connection"};
        case ECONNRESET:
        case EPIPE:
            return {"connection-reset", "the server reset the connection"};
        case EMFILE:
        case ENFILE:
            return {"out-of-descriptors", sentence};
        case EADDRNOTAVAIL:
        case EADDRINUSE:
        case EAGAIN:
            return {"out-of-ports", "no local address or port: " + sentence};
        case ENOBUFS:
        case ENOMEM:
            return {"out-of-memory", sentence};
        case EACCES:
        case EPERM:
            return {"not-permitted", sentence};
        case EAFNOSUPPORT:
            return {"no-such-family", sentence};
        default:
            return {"socket-error", sentence};
    }
}

}  // namespace vipd::monitors
