#include "bgp/listener.hpp"

#include "bgp/socket_options.hpp"
#include "bgp/tcp_transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <system_error>
#include <utility>

namespace vipd::bgp {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

struct Listener::Io {
    explicit Io(asio::io_context& io) : acceptor(io), pause(io) {}

    static void accept(const std::shared_ptr<Io>& io);
    static void accept_later(const std::shared_ptr<Io>& io);

    tcp::acceptor acceptor;
    asio::steady_timer pause;
    Accepted accepted;
    Family family = Family::ipv4;
    bool open = true;
};

void Listener::Io::accept(const std::shared_ptr<Io>& io) {
    io->acceptor.async_accept([io](const error_code& error, tcp::socket socket) {
        if (!io->open) return;
        if (error) {
            accept_later(io);
            return;
        }
        error_code gone;
        const auto remote = socket.remote_endpoint(gone);
        if (!gone) io->accepted(std::move(socket), address_of(remote.address()));
        accept(io);
    });
}

/// Out of descriptors, most likely: trying again at once would take the processor and help nobody.
void Listener::Io::accept_later(const std::shared_ptr<Io>& io) {
    io->pause.expires_after(std::chrono::seconds(1));
    io->pause.async_wait([io](const error_code&) {
        if (io->open) accept(io);
    });
}

Listener::Listener(asio::io_context& io, const Endpoint& local, Accepted accepted)
    : io_(std::make_shared<Io>(io)) {
    io_->accepted = std::move(accepted);
    io_->family = local.address.family();
    const auto endpoint = endpoint_of(local.address, local.port);
    try {
        io_->acceptor.open(endpoint.protocol());
        io_->acceptor.set_option(tcp::acceptor::reuse_address(true));
        if (!local.address.is_ipv4()) io_->acceptor.set_option(asio::ip::v6_only(true));
        set_listener_options(io_->acceptor.native_handle(), io_->family);
        io_->acceptor.bind(endpoint);
        io_->acceptor.listen();
    } catch (const boost::system::system_error& error) {
        throw std::system_error(error.code().value(), std::system_category(),
                                "cannot listen on " + local.to_string());
    }
}

Listener::~Listener() {
    io_->open = false;
    error_code ignored;
    io_->acceptor.close(ignored);
    io_->pause.cancel();
}

void Listener::start() {
    Io::accept(io_);
}

Family Listener::family() const {
    return io_->family;
}

void Listener::set_md5_key(const Address& peer, const std::string& key) {
    bgp::set_md5_key(io_->acceptor.native_handle(), peer, key);
}

}  // namespace vipd::bgp
