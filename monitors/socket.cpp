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
        default:
            return {is_own_fault(error) ? "own-fault" : "socket-error", sentence};
    }
}

void close_without_time_wait(int fd) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace vipd::monitors
