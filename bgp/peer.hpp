#pragma once
// Drives one Session over real sockets: moves bytes, keeps its deadline, passes on what it reports.
// Whatever is about BGP is decided in the Session. On the bgp thread.

#include "bgp/alarm.hpp"
#include "bgp/session.hpp"
#include "bgp/speaker.hpp"
#include "bgp/tcp_transport.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace vipd::bgp {

class Peer {
public:
    struct Surroundings {
        boost::asio::io_context& io;
        Speaker::Sink sink;
        /// Sockets of any peer that are still saying goodbye: counted up here, and down when one is
        /// closed.
        std::function<void()> closing;
        std::function<void()> closed;
        /// Ends a connection that has no place.
        std::function<void(boost::asio::ip::tcp::socket, const Notification&)> refuse;
    };

    Peer(Surroundings surroundings, LocalSpeaker local, PeerSettings settings, std::uint32_t seed);
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void start();
    void stop(const std::optional<Notification>& farewell, Reason reason);
    void accepted(boost::asio::ip::tcp::socket socket);
    void want(const WantedRoutes& changes, TimePoint asked);
    void want_all(const std::map<Prefix, RouteAttributes>& wanted);
    void change(PeerSettings settings, const std::map<Prefix, RouteAttributes>& wanted);
    void initial_set_complete();
    /// Reports counters that moved since the last report.
    void report_counters();

    const PeerSettings& settings() const { return session_.settings(); }

private:
    std::unique_ptr<TcpTransport>& transport(Slot slot) {
        return transports_[static_cast<std::size_t>(slot)];
    }
    TcpTransport::Callbacks callbacks(Slot slot);
    boost::asio::ip::tcp::socket open_socket();
    void carry_out(action::Dial& dial);
    void carry_out(action::Close& close);
    void carry_out(action::Written& written);
    void carry_out(action::RoutesLost& lost);
    void on_alarm();
    /// After every event: does what the session asks for until it asks for nothing more.
    void settle();
    void carry_out_actions();
    void write_output(Slot slot);
    void report_state();

    Surroundings surroundings_;
    Session session_;
    std::array<std::unique_ptr<TcpTransport>, 2> transports_;
    Alarm alarm_;
    Alarm more_to_write_;
    std::optional<PeerStatus> reported_;
};

}  // namespace vipd::bgp
