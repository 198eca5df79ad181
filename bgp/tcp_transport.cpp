#include "bgp/tcp_transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace vipd::bgp {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t read_size = 16 * 1024;
/// Reads in one go, so that a peer with much to say does not keep the others waiting.
constexpr int most_reads = 16;
constexpr auto linger_time = std::chrono::seconds(1);

Reason reason_of(const error_code& error, std::string_view what) {
    const auto text = std::string(what) + ": " + error.message();
    if (error == asio::error::connection_refused) return {"tcp-refused", text};
    if (error == asio::error::timed_out) return {"tcp-timeout", text};
    if (error == asio::error::network_unreachable || error == asio::error::host_unreachable) {
        return {"tcp-unreachable", text};
    }
    if (error == asio::error::connection_reset || error == asio::error::broken_pipe) {
        return {"tcp-reset", text};
    }
    return {"tcp-error", text};
}

}  // namespace

Address address_of(const asio::ip::address& address) {
    if (address.is_v4()) return *Address::from_bytes(address.to_v4().to_bytes());
    return *Address::from_bytes(address.to_v6().to_bytes());
}

tcp::endpoint endpoint_of(const Address& address, std::uint16_t port) {
    const auto bytes = address.bytes();
    if (address.is_ipv4()) {
        asio::ip::address_v4::bytes_type raw{};
        std::copy(bytes.begin(), bytes.end(), raw.begin());
        return {asio::ip::address_v4(raw), port};
    }
    asio::ip::address_v6::bytes_type raw{};
    std::copy(bytes.begin(), bytes.end(), raw.begin());
    return {asio::ip::address_v6(raw), port};
}

struct TcpTransport::Io {
    Io(tcp::socket opened, Callbacks called)
        : socket(std::move(opened)), callbacks(std::move(called)), linger(socket.get_executor()) {}

    static void dial(const std::shared_ptr<Io>& io, const tcp::endpoint& remote);
    static void wait_readable(const std::shared_ptr<Io>& io);
    static void wait_writable(const std::shared_ptr<Io>& io);
    static void read_available(const std::shared_ptr<Io>& io);
    static void say_farewell(const std::shared_ptr<Io>& io);
    static void drain(const std::shared_ptr<Io>& io);

    void fail(Reason reason) {
        if (open) callbacks.lost(std::move(reason));
    }
    void finish() {
        error_code ignored;
        socket.close(ignored);
        linger.cancel();
        if (closed) std::exchange(closed, nullptr)();
    }

    tcp::socket socket;
    Callbacks callbacks;
    /// While it is open its owner exists and wants to hear.
    bool open = true;
    bool waiting_to_write = false;
    std::array<std::uint8_t, read_size> buffer{};

    // After close():
    asio::steady_timer linger;
    Bytes farewell;
    std::function<void()> closed;
};

void TcpTransport::Io::dial(const std::shared_ptr<Io>& io, const tcp::endpoint& remote) {
    io->socket.async_connect(remote, [io](const error_code& error) {
        if (!io->open) return;
        error_code failed = error;
        const auto local = failed ? tcp::endpoint{} : io->socket.local_endpoint(failed);
        if (failed) {
            io->fail(reason_of(failed, "cannot connect"));
            return;
        }
        wait_readable(io);
        io->callbacks.connected(address_of(local.address()));
    });
}

void TcpTransport::Io::wait_readable(const std::shared_ptr<Io>& io) {
    io->socket.async_wait(tcp::socket::wait_read, [io](const error_code& error) {
        if (!io->open) return;
        if (error) {
            io->fail(reason_of(error, "connection lost"));
            return;
        }
        read_available(io);
        if (io->open) wait_readable(io);
    });
}

void TcpTransport::Io::read_available(const std::shared_ptr<Io>& io) {
    for (int i = 0; i < most_reads && io->open; ++i) {
        error_code error;
        const auto count = io->socket.read_some(asio::buffer(io->buffer), error);
        if (error == asio::error::would_block) return;
        if (error == asio::error::eof) {
            io->fail({"tcp-closed", "the peer closed the connection"});
            return;
        }
        if (error) {
            io->fail(reason_of(error, "connection lost"));
            return;
        }
        io->callbacks.received(std::span(io->buffer).first(count));
    }
}

void TcpTransport::Io::wait_writable(const std::shared_ptr<Io>& io) {
    if (std::exchange(io->waiting_to_write, true)) return;
    io->socket.async_wait(tcp::socket::wait_write, [io](const error_code& error) {
        io->waiting_to_write = false;
        if (!io->open) return;
        if (error) {
            io->fail(reason_of(error, "connection lost"));
            return;
        }
        io->callbacks.writable();
    });
}

void TcpTransport::Io::say_farewell(const std::shared_ptr<Io>& io) {
    error_code error;
    if (!io->farewell.empty()) {
        const auto count = io->socket.write_some(asio::buffer(io->farewell), error);
        io->farewell.erase(io->farewell.begin(),
                           io->farewell.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (!io->farewell.empty() && (!error || error == asio::error::would_block)) {
        io->socket.async_wait(tcp::socket::wait_write, [io](const error_code& failed) {
            if (!failed) say_farewell(io);
        });
        return;
    }
    io->socket.shutdown(tcp::socket::shutdown_send, error);
    if (error) {
        io->finish();
    } else {
        drain(io);
    }
}

void TcpTransport::Io::drain(const std::shared_ptr<Io>& io) {
    io->socket.async_read_some(asio::buffer(io->buffer),
                               [io](const error_code& error, std::size_t) {
                                   if (error) {
                                       io->finish();
                                   } else {
                                       drain(io);
                                   }
                               });
}

TcpTransport::TcpTransport(tcp::socket socket, Callbacks callbacks)
    : io_(std::make_shared<Io>(std::move(socket), std::move(callbacks))) {
    io_->socket.non_blocking(true);
}

TcpTransport::~TcpTransport() {
    if (!io_->open) return;  // close() has taken over
    io_->open = false;
    io_->finish();
}

void TcpTransport::dial(const tcp::endpoint& remote) {
    Io::dial(io_, remote);
}

void TcpTransport::start_reading() {
    Io::wait_readable(io_);
}

std::size_t TcpTransport::write(std::span<const std::uint8_t> bytes) {
    error_code error;
    const auto count = io_->socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    // An error shows again when the socket is said to be writable or readable, and is reported
    // there.
    if (error || count < bytes.size()) Io::wait_writable(io_);
    return error ? 0 : count;
}

void TcpTransport::read_available() {
    const auto io = io_;  // a callback may destroy this
    Io::read_available(io);
}

void TcpTransport::close(Bytes farewell, std::function<void()> closed) {
    const auto io = io_;
    io->open = false;
    io->farewell = std::move(farewell);
    io->closed = std::move(closed);
    io->linger.expires_after(linger_time);
    io->linger.async_wait([io](const error_code& cancelled) {
        if (!cancelled) io->finish();
    });
    Io::say_farewell(io);
}

}  // namespace vipd::bgp
