#pragma once
// One TCP connection of a peer: dialled or accepted, non-blocking, closed with good manners. It
// knows nothing of BGP. On the thread of its io_context.

#include "bgp/bytes.hpp"
#include "src/base/address.hpp"
#include "src/base/reason.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace vipd::bgp {

Address address_of(const boost::asio::ip::address& address);
boost::asio::ip::tcp::endpoint endpoint_of(const Address& address, std::uint16_t port);

class TcpTransport {
public:
    /// None is called from inside a function of the transport but read_available(), and none after
    /// close().
    struct Callbacks {
        std::function<void(const Address& local)> connected;  // a dial only
        std::function<void(std::span<const std::uint8_t>)> received;
        std::function<void()> writable;  // after a write() that took less than all
        std::function<void(Reason)> lost;
    };

    /// Takes an open socket with its options set. Does nothing yet.
    TcpTransport(boost::asio::ip::tcp::socket socket, Callbacks callbacks);
    /// Closes at once.
    ~TcpTransport();
    TcpTransport(const TcpTransport&) = delete;
    TcpTransport& operator=(const TcpTransport&) = delete;

    void dial(const boost::asio::ip::tcp::endpoint& remote);
    /// For an accepted connection.
    void start_reading();

    /// As many bytes as the socket takes now. After less than all: `writable` is called when it
    /// takes more. A broken connection is reported by `lost`, not here.
    std::size_t write(std::span<const std::uint8_t> bytes);

    /// Hands over what has already arrived: before a timer is believed that says nothing has.
    void read_available();

    /// No callback any more. Writes `farewell`, ends our direction, waits up to a second for the
    /// peer to end its own (so that a reset does not overtake what we said), closes, and calls
    /// `closed`.
    void close(Bytes farewell, std::function<void()> closed);

private:
    struct Io;
    std::shared_ptr<Io> io_;  // shared with the handlers that wait on the socket
};

}  // namespace vipd::bgp
