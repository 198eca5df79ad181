#pragma once
// One listening socket. Hands every accepted connection on; who it is from is for others to judge.

#include "src/base/address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>

namespace vipd::bgp {

class Listener {
public:
    using Accepted = std::function<void(boost::asio::ip::tcp::socket, const Address& remote)>;

    /// Binds and listens: one family only, "::" does not take IPv4. Throws std::system_error naming
    /// the endpoint.
    Listener(boost::asio::io_context& io, const Endpoint& local, Accepted accepted);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    Family family() const;
    /// RFC 2385: must be set before the peer's SYN comes. Empty: none.
    void set_md5_key(const Address& peer, const std::string& key);

private:
    struct Io;
    std::shared_ptr<Io> io_;  // shared with the handler that waits
};

}  // namespace vipd::bgp
