#pragma once
// Opens the sockets that the status server listens on.

#include "src/base/address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <string>

namespace vipd {

/// Throws std::system_error that names the address.
boost::asio::ip::tcp::acceptor listen_tcp(boost::asio::io_context& io, const Endpoint& endpoint);

/// Creates the socket's file with mode 0660 in a folder that must exist. A file left behind by a
/// dead process is replaced, one that somebody answers on is not. Throws std::system_error that
/// names the path.
boost::asio::local::stream_protocol::acceptor listen_unix(boost::asio::io_context& io,
                                                          const std::string& path);

}  // namespace vipd
