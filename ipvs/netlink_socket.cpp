#include "ipvs/netlink_socket.hpp"

#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace vipd::ipvs {

namespace {

/// Answers to a whole window of requests must fit: each occupies about a kilobyte of the kernel's
/// accounting.
constexpr int receive_buffer = 4 << 20;
/// A datagram of requests must fit, or is refused with EMSGSIZE.
constexpr int send_buffer = 256 << 10;
/// The kernel fills a datagram of a dump up to 32 kB (net/netlink/af_netlink.c, netlink_dump).
constexpr std::size_t longest_datagram = 64 << 10;

KernelError last_error() {
    const int code = errno;
    return {code, std::strerror(code)};
}

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const {
    nl_socket_free(socket);
}

NetlinkSocket::NetlinkSocket() : socket_(nl_socket_alloc()), buffer_(longest_datagram) {
    if (!socket_) throw std::bad_alloc();
    const int result = nl_connect(socket_.get(), NETLINK_GENERIC);
    if (result < 0) {
        throw std::runtime_error(std::string("cannot open a netlink socket: ") +
                                 nl_geterror(result));
    }
    // Refused without privileges, which then show as EPERM at the first request. libnl sets both to
    // 32 kB.
    setsockopt(descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
    setsockopt(descriptor(), SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer));
    // Missing in kernels before 4.12: then answers carry no words of the kernel's, and the request
    // is repeated.
    constexpr int on = 1;
    setsockopt(descriptor(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    setsockopt(descriptor(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};
    setsockopt(descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

std::uint32_t NetlinkSocket::port() const {
    return nl_socket_get_local_port(socket_.get());
}

int NetlinkSocket::descriptor() const {
    return nl_socket_get_fd(socket_.get());
}

boost::system::result<void, KernelError> NetlinkSocket::send(
    std::span<const std::uint8_t> requests) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    ssize_t sent = -1;
    do {
        sent = ::sendto(descriptor(), requests.data(), requests.size(), 0,
                        reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return last_error();
    return {};
}

boost::system::result<std::vector<Message>, KernelError> NetlinkSocket::receive() {
    while (true) {
        sockaddr_nl sender{};
        socklen_t size = sizeof(sender);
        const ssize_t received = ::recvfrom(descriptor(), buffer_.data(), buffer_.size(), 0,
                                            reinterpret_cast<sockaddr*>(&sender), &size);
        if (received < 0 && errno == EINTR) continue;
        if (received < 0 && errno == EAGAIN) return KernelError{ETIMEDOUT, "no answer"};
        if (received < 0) return last_error();
        if (sender.nl_pid != 0) continue;  // another process, not the kernel
        return split({buffer_.data(), static_cast<std::size_t>(received)});
    }
}

}  // namespace vipd::ipvs
