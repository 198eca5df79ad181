#include "bgp/speaker.hpp"

#include "bgp/listener.hpp"
#include "bgp/peer.hpp"
#include "src/base/thread_priority.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <random>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace vipd::bgp {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto heartbeat_interval = std::chrono::milliseconds(250);
constexpr auto longest_farewell = std::chrono::seconds(2);
/// Refused connections that are told why at one time. Each takes a descriptor for up to a second:
/// whoever can reach the port could otherwise take them all.
constexpr std::size_t most_refusals = 64;

}  // namespace

struct Speaker::State {
    State(SpeakerSettings settings, Sink sink);

    void open_listeners();
    void run();
    void beat();
    void configure(std::vector<PeerSettings> peers);
    void drop_removed(const std::map<std::string, PeerSettings>& wanted_peers);
    void set_peer(PeerSettings settings);
    void remove(const std::string& name, const Notification& farewell);
    bool set_listener_key(const PeerSettings& peer);
    void want(const WantedRoutes& changes, TimePoint asked);
    void initial_set_complete();
    void close_without_notification(const std::function<void()>& done);
    void accepted(tcp::socket socket, const Address& remote);
    void refuse(tcp::socket socket, const Notification& notification);
    void shut_down(const std::string& text, std::function<void()> done);
    void farewell_over();
    Peer::Surroundings surroundings();

    const SpeakerSettings settings_;
    const Sink sink_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    Alarm heartbeat_;
    std::atomic<Clock::rep> last_progress_;
    std::random_device entropy_;

    std::map<Prefix, RouteAttributes> wanted_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::map<std::string, std::unique_ptr<Peer>> peers_;
    /// Their MD5 key could not be set on a listener: what comes from them is not to be trusted.
    std::set<std::string> without_key_;
    bool initial_set_complete_ = false;

    std::size_t closing_ = 0;
    std::size_t refusals_ = 0;
    Alarm farewell_limit_;
    std::function<void()> shut_down_done_;

    std::thread thread_;
};

Speaker::State::State(SpeakerSettings settings, Sink sink)
    : settings_(std::move(settings)),
      sink_(std::move(sink)),
      heartbeat_(io_, [this] { beat(); }),
      last_progress_(Clock::now().time_since_epoch().count()),
      farewell_limit_(io_, [this] { farewell_over(); }) {
    open_listeners();
}

void Speaker::State::open_listeners() {
    const auto open = [this](const Endpoint& local) {
        listeners_.push_back(std::make_unique<Listener>(
            io_, local, [this](tcp::socket socket, const Address& remote) {
                accepted(std::move(socket), remote);
            }));
    };
    for (const auto& local : settings_.listen) {
        open(local);
        // "[::]" means every address, as in every other program; a socket of each family keeps
        // addresses plain.
        const bool everywhere = !local.address.is_ipv4() && local.address.is_unspecified();
        if (everywhere) open(Endpoint{Address(), local.port});
    }
}

void Speaker::State::run() {
    for (const auto& listener : listeners_) {
        listener->start();
    }
    beat();
    io_.run();
}

void Speaker::State::beat() {
    const auto now = Clock::now();
    last_progress_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    for (const auto& [name, peer] : peers_) {
        peer->report_counters();
    }
    heartbeat_.set(now + heartbeat_interval);
}

Peer::Surroundings Speaker::State::surroundings() {
    return {.io = io_,
            .sink = sink_,
            .closing = [this] { ++closing_; },
            .closed =
                [this] {
                    --closing_;
                    if (closing_ == 0) farewell_over();
                },
            .refuse = [this](tcp::socket socket,
                             const Notification& why) { refuse(std::move(socket), why); }};
}

void Speaker::State::configure(std::vector<PeerSettings> peers) {
    std::map<std::string, PeerSettings> wanted_peers;
    for (auto& peer : peers) {
        auto name = peer.name;
        wanted_peers.insert_or_assign(std::move(name), std::move(peer));
    }
    drop_removed(wanted_peers);
    for (auto& [name, peer] : wanted_peers) {
        set_peer(std::move(peer));
    }
}

void Speaker::State::drop_removed(const std::map<std::string, PeerSettings>& wanted_peers) {
    std::vector<std::string> removed;
    for (const auto& [name, peer] : peers_) {
        if (!wanted_peers.contains(name)) removed.push_back(name);
    }
    for (const auto& name : removed) {
        remove(name, {ErrorCode::cease, cease::peer_de_configured, {}});
    }
}

void Speaker::State::set_peer(PeerSettings settings) {
    const auto name = settings.name;
    const auto known = peers_.find(name);
    if (known != peers_.end()) {
        if (known->second->settings() == settings) return;
        if (keeps_session(known->second->settings(), settings)) {
            known->second->change(std::move(settings), wanted_);
            return;
        }
        remove(name, {ErrorCode::cease, cease::other_configuration_change, {}});
    }
    if (!set_listener_key(settings)) without_key_.insert(name);
    const LocalSpeaker local{settings_.local_as, settings_.router_id, settings_.restart};
    auto peer = std::make_unique<Peer>(surroundings(), local, std::move(settings), entropy_());
    if (initial_set_complete_) peer->initial_set_complete();
    peer->want_all(wanted_);
    peer->start();
    peers_.insert_or_assign(name, std::move(peer));
}

void Speaker::State::remove(const std::string& name, const Notification& farewell) {
    const auto found = peers_.find(name);
    found->second->stop(farewell, {"removed", "no longer configured"});
    auto settings = found->second->settings();
    peers_.erase(found);
    settings.password.clear();
    set_listener_key(settings);
    without_key_.erase(name);
}

/// False: this kernel does not do it. Dialling fails for the same reason, which is what the peer's
/// status shows.
bool Speaker::State::set_listener_key(const PeerSettings& peer) {
    try {
        for (const auto& listener : listeners_) {
            if (listener->family() != peer.address.family()) continue;
            listener->set_md5_key(peer.address, peer.password);
        }
    } catch (const std::system_error&) {
        return peer.password.empty();
    }
    return true;
}

void Speaker::State::initial_set_complete() {
    initial_set_complete_ = true;
    for (const auto& [name, peer] : peers_) {
        peer->initial_set_complete();
    }
}

void Speaker::State::close_without_notification(const std::function<void()>& done) {
    listeners_.clear();
    for (const auto& [name, peer] : peers_) {
        peer->stop(std::nullopt, {"restart", "vipd is restarting"});
    }
    done();
}

void Speaker::State::want(const WantedRoutes& changes, TimePoint asked) {
    for (const auto& [prefix, attributes] : changes) {
        if (attributes) {
            wanted_.insert_or_assign(prefix, *attributes);
        } else {
            wanted_.erase(prefix);
        }
    }
    for (const auto& [name, peer] : peers_) {
        peer->want(changes, asked);
    }
}

void Speaker::State::accepted(tcp::socket socket, const Address& remote) {
    for (const auto& [name, peer] : peers_) {
        if (peer->settings().address == remote && !without_key_.contains(name)) {
            peer->accepted(std::move(socket));
            return;
        }
    }
    refuse(std::move(socket), {ErrorCode::cease, cease::connection_rejected, {}});
}

void Speaker::State::refuse(tcp::socket socket, const Notification& notification) {
    if (refusals_ >= most_refusals) return;  // closed without a word
    ++refusals_;
    TcpTransport transport(std::move(socket), {});
    transport.close(encode_notification(notification), [this] { --refusals_; });
}

void Speaker::State::shut_down(const std::string& text, std::function<void()> done) {
    listeners_.clear();
    for (const auto& [name, peer] : peers_) {
        peer->stop(cease_with_text(cease::administrative_shutdown, text),
                   {"shut-down", "vipd is stopping"});
    }
    shut_down_done_ = std::move(done);
    farewell_limit_.set(Clock::now() + longest_farewell);
    if (closing_ == 0) farewell_over();
}

void Speaker::State::farewell_over() {
    farewell_limit_.set(std::nullopt);
    if (shut_down_done_) std::exchange(shut_down_done_, nullptr)();
}

Speaker::Speaker(SpeakerSettings settings, Sink sink)
    : state_(std::make_unique<State>(std::move(settings), std::move(sink))) {}

Speaker::~Speaker() {
    state_->io_.stop();
    if (state_->thread_.joinable()) state_->thread_.join();
}

void Speaker::start() {
    state_->thread_ = std::thread([state = state_.get()] {
        take_short_turns();
        state->run();
    });
}

void Speaker::configure(std::vector<PeerSettings> peers) {
    asio::post(state_->io_, [state = state_.get(), peers = std::move(peers)]() mutable {
        state->configure(std::move(peers));
    });
}

void Speaker::want(WantedRoutes changes) {
    asio::post(state_->io_, [state = state_.get(), changes = std::move(changes),
                             asked = Clock::now()] { state->want(changes, asked); });
}

void Speaker::initial_set_complete() {
    asio::post(state_->io_, [state = state_.get()] { state->initial_set_complete(); });
}

void Speaker::close_without_notification(std::function<void()> done) {
    asio::post(state_->io_, [state = state_.get(), done = std::move(done)] {
        state->close_without_notification(done);
    });
}

void Speaker::shut_down(std::string text, std::function<void()> done) {
    asio::post(state_->io_, [state = state_.get(), text = std::move(text), done = std::move(done)] {
        state->shut_down(text, done);
    });
}

TimePoint Speaker::last_progress() const {
    return TimePoint(Clock::duration(state_->last_progress_.load(std::memory_order_relaxed)));
}

}  // namespace vipd::bgp
