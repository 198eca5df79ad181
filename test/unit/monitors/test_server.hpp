#pragma once
// A TCP server on loopback for edge tests: each connection is handed to a function, one after the
// other, on a thread.

#include "src/base/address.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace vipd::monitors::test {

/// A socket bound to a free port on loopback. Listening only if asked: a bound port that does not
/// listen refuses.
class LoopbackSocket {
public:
    explicit LoopbackSocket(bool listening, Family family = Family::ipv4, int backlog = 64) {
        const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
        fd_ = ::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_storage storage{};
        storage.ss_family = static_cast<sa_family_t>(domain);
        socklen_t length = family == Family::ipv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (family == Family::ipv4) {
            reinterpret_cast<sockaddr_in*>(&storage)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        } else {
            reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr = in6addr_loopback;
        }
        auto* address = reinterpret_cast<sockaddr*>(&storage);
        if (::bind(fd_, address, length) != 0 || ::getsockname(fd_, address, &length) != 0 ||
            (listening && ::listen(fd_, backlog) != 0)) {
            throw std::runtime_error("no loopback socket");
        }
        endpoint_ = {
            *Address::parse(family == Family::ipv4 ? "127.0.0.1" : "::1"),
            ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port)};  // same place for IPv6
    }
    ~LoopbackSocket() { ::close(fd_); }
    LoopbackSocket(const LoopbackSocket&) = delete;
    LoopbackSocket& operator=(const LoopbackSocket&) = delete;

    int fd() const { return fd_; }
    const Endpoint& endpoint() const { return endpoint_; }

private:
    int fd_ = -1;
    Endpoint endpoint_;
};

class TestServer {
public:
    /// `serve` need not close the connection and must end by itself soon after the client is gone.
    explicit TestServer(std::function<void(int)> serve, Family family = Family::ipv4)
        : socket_(true, family),
          serve_(std::move(serve)),
          thread_([this](const std::stop_token& stop) { run(stop); }) {}
    ~TestServer() {
        thread_.request_stop();
        ::shutdown(socket_.fd(), SHUT_RDWR);  // ends accept
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    const Endpoint& endpoint() const { return socket_.endpoint(); }

private:
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const int connection = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
            if (connection < 0) return;
            serve_(connection);
            ::close(connection);
        }
    }

    LoopbackSocket socket_;
    std::function<void(int)> serve_;
    std::jthread thread_;
};

/// Up to and with the empty line that ends an HTTP request; less if the client leaves.
inline std::string read_request(int fd) {
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && ::recv(fd, &byte, 1, 0) == 1)
        request += byte;
    return request;
}

/// False when the client is gone.
inline bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Until the client closes or a second has passed.
inline void wait_for_close(int fd) {
    pollfd waiting{.fd = fd, .events = POLLRDHUP, .revents = 0};
    ::poll(&waiting, 1, 1000);
}

}  // namespace vipd::monitors::test
