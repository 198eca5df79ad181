#pragma once
// One generic-netlink socket to the kernel. The kernel works a request off within our send, so
// answers wait when send returns; only a dump goes on while we receive. Blocking, bounded by a
// second; used by one thread.

#include "ipvs/backend.hpp"
#include "ipvs/netlink_reply.hpp"
#include "ipvs/netlink_request.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <memory>
#include <span>

struct nl_sock;

namespace vipd::ipvs {

class NetlinkSocket {
public:
    /// Opens the socket. Throws std::runtime_error.
    NetlinkSocket();

    /// The port that the kernel knows us by.
    std::uint32_t port() const;

    /// One datagram of requests.
    boost::system::result<void, KernelError> send(std::span<const std::uint8_t> requests);

    /// The next datagram from the kernel, split; valid until the next call. ENOBUFS: some were
    /// lost, the others follow; ETIMEDOUT: nothing came.
    boost::system::result<std::vector<Message>, KernelError> receive();

private:
    struct Free {
        void operator()(nl_sock* socket) const;
    };

    int descriptor() const;

    std::unique_ptr<nl_sock, Free> socket_;
    Bytes buffer_;
};

}  // namespace vipd::ipvs
