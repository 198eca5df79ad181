#include "monitors/socket.hpp"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

Connecting connect_socket(int type, int protocol, const Endpoint& target,
                          const std::optional<Address>& source) {
    const auto address = socket_address(target);
    Connecting result{.socket = Fd(::socket(address.storage.ss_family,
                                            type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)),
                      .error = 0};
    const auto failed = [&result] {
        result.error = errno;
        return std::move(result);
    };
    if (!result.socket) return failed();
    if (type == SOCK_STREAM) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(result.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (type == SOCK_DGRAM) {
        const bool ipv4 = target.address.is_ipv4();
        const int on = 1;
        ::setsockopt(result.socket.get(), ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                     ipv4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
    }
    if (source) {
        const int late =
            1;  // the port is chosen at connect, when it may be shared between destinations (ip(7))
        ::setsockopt(result.socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
        const auto local = socket_address({*source, 0});
        if (::bind(result.socket.get(), local.get(), local.length) != 0) return failed();
    }
    if (::connect(result.socket.get(), address.get(), address.length) != 0) return failed();
    return result;
}

}  // namespace

/// Closing it sends RST instead of FIN, so that nothing stays behind in TIME_WAIT, here or there: a
/// probe that is over has nothing more to say or to hear.
Connecting connect_stream(const Endpoint& target, const std::optional<Address>& source) {
    return connect_socket(SOCK_STREAM, 0, target, source);
}

Connecting connect_datagram(const Endpoint& target, const std::optional<Address>& source) {
    return connect_socket(SOCK_DGRAM, 0, target, source);
}

Connecting connect_icmp(const Address& target, const std::optional<Address>& source) {
    const int protocol = target.is_ipv4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    return connect_socket(SOCK_RAW, protocol, {target, 0}, source);
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
