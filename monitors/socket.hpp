#pragma once
// The system calls behind a probe's socket, with errors as values.

#include "monitors/vip_path.hpp"
#include "src/base/address.hpp"
#include "src/base/reason.hpp"

#include <boost/system/result.hpp>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace vipd::monitors {

/// Owns a file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

private:
    int fd_ = -1;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const Endpoint& endpoint);

/// A non-blocking socket that connects to `target`, from `source` where given, by `path` where the
/// target is a VIP, and 0, EINPROGRESS or why it does not.
struct Connecting {
    Fd socket;
    int error = 0;
};
Connecting connect_stream(const Endpoint& target, const std::optional<Address>& source,
                          const std::optional<VipPath>& path = {});
/// Hears of every ICMP message that an unreachable port or host leads to.
Connecting connect_datagram(const Endpoint& target, const std::optional<Address>& source,
                            const std::optional<VipPath>& path = {});
/// A raw socket that hears ICMP messages of the target only. Needs CAP_NET_RAW.
Connecting connect_icmp(const Address& target, const std::optional<Address>& source);

/// A socket that takes connections to this address on `port`, which the kernel has chosen; `error`
/// is 0 or why there is none.
struct Listening {
    Fd socket;
    std::uint16_t port = 0;
    int error = 0;
};
Listening listen_stream(const Address& address);

/// SO_ERROR: what became of a connection attempt, or what ICMP reported. Reading it clears it.
int pending_error(int fd);

/// Ours, not the server's: descriptors, ports or memory ran out, or we may not. Says nothing about
/// the server.
bool is_own_fault(int error);

/// A connection's or socket's errno in words: "connect-refused", "connect-unreachable",
/// "connection-reset", …
Reason socket_reason(int error);

}  // namespace vipd::monitors
