#include "bgp/peer.hpp"

#include "bgp/socket_options.hpp"

#include <utility>

namespace vipd::bgp {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

/// Written in one go before the other peers have their turn.
constexpr std::size_t most_written = 256 * 1024;

/// What an operator wants to hear of at once; counters can wait a moment.
bool same_headline(const PeerStatus& one, const PeerStatus& two) {
    return one.state == two.state && one.reason_code == two.reason_code &&
           one.reason_text == two.reason_text && one.next_dial == two.next_dial &&
           one.established_count == two.established_count &&
           one.last_notification_in == two.last_notification_in &&
           one.last_notification_out == two.last_notification_out;
}

}  // namespace

Peer::Peer(Surroundings surroundings, LocalSpeaker local, PeerSettings settings, std::uint32_t seed)
    : surroundings_(std::move(surroundings)),
      session_(local, std::move(settings), seed, Clock::now()),
      alarm_(surroundings_.io, [this] { on_alarm(); }),
      more_to_write_(surroundings_.io, [this] { settle(); }) {}

void Peer::start() {
    session_.start(Clock::now());
    settle();
}

void Peer::stop(const std::optional<Notification>& farewell, Reason reason) {
    session_.stop(farewell, std::move(reason), Clock::now());
    settle();
}

void Peer::accepted(tcp::socket socket) {
    if (const auto refusal = session_.refusal()) {
        surroundings_.refuse(std::move(socket), *refusal);
        return;
    }
    try {
        const auto local = address_of(socket.local_endpoint().address());
        set_session_options(socket.native_handle(), session_.settings(), session_.ibgp());
        transport(Slot::incoming) =
            std::make_unique<TcpTransport>(std::move(socket), callbacks(Slot::incoming));
        transport(Slot::incoming)->start_reading();
        session_.connected(Slot::incoming, local, Clock::now());
    } catch (const std::system_error&) {
        return;  // it was gone before it was ours
    }
    settle();
}

void Peer::want(const WantedRoutes& changes, TimePoint asked) {
    session_.want(changes, asked);
    settle();
}

void Peer::want_all(const std::map<Prefix, RouteAttributes>& wanted) {
    session_.want_all(wanted, Clock::now());
    settle();
}

void Peer::change(PeerSettings settings, const std::map<Prefix, RouteAttributes>& wanted) {
    session_.change(std::move(settings), wanted, Clock::now());
    settle();
}

void Peer::initial_set_complete() {
    session_.initial_set_complete();
    settle();
}

TcpTransport::Callbacks Peer::callbacks(Slot slot) {
    TcpTransport::Callbacks callbacks;
    callbacks.connected = [this, slot](const Address& local) {
        session_.connected(slot, local, Clock::now());
        settle();
    };
    callbacks.received = [this, slot](std::span<const std::uint8_t> bytes) {
        session_.received(slot, bytes, Clock::now());
        settle();
    };
    callbacks.writable = [this] { settle(); };
    callbacks.lost = [this, slot](Reason reason) {
        session_.lost(slot, std::move(reason), Clock::now());
        settle();
    };
    return callbacks;
}

void Peer::on_alarm() {
    // What arrived while this thread was kept from running counts: a timer must not kill a session
    // that is alive.
    for (const auto slot : all_slots) {
        if (transport(slot)) transport(slot)->read_available();
    }
    session_.tick(Clock::now());
    settle();
}

void Peer::settle() {
    carry_out_actions();
    for (const auto slot : all_slots) {
        write_output(slot);
    }
    carry_out_actions();
    alarm_.set(session_.next_deadline());
    report_state();
}

void Peer::carry_out_actions() {
    for (auto actions = session_.take_actions(); !actions.empty();
         actions = session_.take_actions()) {
        for (auto& action : actions) {
            std::visit([this](auto& each) { carry_out(each); }, action);
        }
    }
}

void Peer::write_output(Slot slot) {
    std::size_t total = 0;
    while (transport(slot)) {
        const auto bytes = session_.output(slot);
        if (bytes.empty()) return;
        if (total >= most_written) {
            more_to_write_.set(Clock::now());
            return;
        }
        const auto count = transport(slot)->write(bytes);
        session_.written(slot, count, Clock::now());
        if (count < bytes.size()) return;
        total += count;
    }
}

tcp::socket Peer::open_socket() {
    const auto& peer = session_.settings();
    const auto remote = endpoint_of(peer.address, peer.port);
    tcp::socket socket(surroundings_.io, remote.protocol());
    set_session_options(socket.native_handle(), peer, session_.ibgp());
    if (!peer.password.empty()) set_md5_key(socket.native_handle(), peer.address, peer.password);
    if (peer.local_address) socket.bind(endpoint_of(*peer.local_address, 0));
    return socket;
}

void Peer::carry_out(action::Dial&) {
    const auto& peer = session_.settings();
    try {
        transport(Slot::outgoing) =
            std::make_unique<TcpTransport>(open_socket(), callbacks(Slot::outgoing));
        transport(Slot::outgoing)->dial(endpoint_of(peer.address, peer.port));
    } catch (
        const std::system_error& error) {  // no such local address, no descriptors: tried again
        session_.lost(Slot::outgoing, {"socket-error", error.what()}, Clock::now());
    }
}

void Peer::carry_out(action::Close& close) {
    if (!transport(close.slot)) return;
    surroundings_.closing();
    auto closing = std::move(transport(close.slot));
    closing->close(std::move(close.farewell), surroundings_.closed);
}

void Peer::carry_out(action::Written& written) {
    surroundings_.sink(RoutesWritten{.peer = settings().name,
                                     .advertised = std::move(written.advertised),
                                     .withdrawn = std::move(written.withdrawn),
                                     .at = Clock::now()});
}

void Peer::carry_out(action::RoutesLost&) {
    surroundings_.sink(RoutesLost{settings().name});
}

void Peer::report_state() {
    auto status = session_.status();
    if (reported_ && same_headline(*reported_, status)) return;
    reported_ = status;
    surroundings_.sink(PeerChanged{std::move(status)});
}

void Peer::report_counters() {
    auto status = session_.status();
    if (reported_ == status) return;
    reported_ = status;
    surroundings_.sink(PeerChanged{std::move(status)});
}

}  // namespace vipd::bgp
