#include "src/status/listening_socket.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

namespace vipd {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
namespace {

constexpr ::mode_t socket_mode = 0660;
/// For each connection. Left to itself the kernel takes up to 4 MiB for each slow reader.
constexpr int send_buffer = 128 << 10;

[[noreturn]] void fail(const boost::system::error_code& error, const std::string& what) {
    throw std::system_error(error.value(), std::system_category(),
                            "status: cannot listen on " + what);
}

asio::ip::address to_asio(const Address& address) {
    if (address.is_ipv4()) {
        asio::ip::address_v4::bytes_type bytes;
        std::ranges::copy(address.bytes(), bytes.begin());
        return asio::ip::address_v4(bytes);
    }
    asio::ip::address_v6::bytes_type bytes;
    std::ranges::copy(address.bytes(), bytes.begin());
    return asio::ip::address_v6(bytes);
}

bool is_socket(const std::string& path) {
    struct ::stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

bool somebody_answers(asio::io_context& io, const stream_protocol::endpoint& endpoint) {
    stream_protocol::socket probe(io);
    boost::system::error_code error;
    probe.connect(endpoint, error);
    return error != boost::system::errc::connection_refused;
}

boost::system::error_code bind(stream_protocol::acceptor& acceptor,
                               const stream_protocol::endpoint& endpoint) {
    boost::system::error_code error;
    // Linux takes a socket file's mode from the socket's own inode (net/unix/af_unix.c,
    // unix_bind_bsd) minus the umask, so it is never more open than this, not even for a moment.
    ::fchmod(acceptor.native_handle(), socket_mode);
    acceptor.bind(endpoint, error);
    return error;
}

}  // namespace

tcp::acceptor listen_tcp(asio::io_context& io, const Endpoint& endpoint) {
    const tcp::endpoint where(to_asio(endpoint.address), endpoint.port);
    tcp::acceptor acceptor(io);
    boost::system::error_code error;
    acceptor.open(where.protocol(), error);
    if (error) fail(error, endpoint.to_string());
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // [::] and 0.0.0.0 may then be listened on side by side, whatever net.ipv6.bindv6only says.
    if (!error && where.protocol() == tcp::v6())
        acceptor.set_option(asio::ip::v6_only(true), error);
    // What is accepted inherits it.
    if (!error) acceptor.set_option(asio::socket_base::send_buffer_size(send_buffer), error);
    if (!error) acceptor.bind(where, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) fail(error, endpoint.to_string());
    return acceptor;
}

stream_protocol::acceptor listen_unix(asio::io_context& io, const std::string& path) {
    if (path.size() >= sizeof(::sockaddr_un::sun_path)) {
        fail(boost::system::errc::make_error_code(boost::system::errc::filename_too_long), path);
    }
    const stream_protocol::endpoint where(path);
    stream_protocol::acceptor acceptor(io, where.protocol());
    auto error = bind(acceptor, where);
    if (error == boost::system::errc::address_in_use && is_socket(path) &&
        !somebody_answers(io, where)) {
        ::unlink(path.c_str());
        error = bind(acceptor, where);
    }
    if (error) fail(error, path);
    // The umask may have taken the group's write bit away.
    if (::chmod(path.c_str(), socket_mode) != 0)
        fail({errno, boost::system::system_category()}, path);
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) fail(error, path);
    return acceptor;
}

}  // namespace vipd
