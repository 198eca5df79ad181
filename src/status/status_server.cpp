#include "src/status/status_server.hpp"

#include "src/base/thread_priority.hpp"
#include "src/status/api.hpp"
#include "src/status/event_ring.hpp"
#include "src/status/listening_socket.hpp"
#include "src/status/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <set>
#include <thread>

namespace vipd {
namespace asio = boost::asio;
using asio::ip::tcp;
using UnixAcceptor = asio::local::stream_protocol::acceptor;
using UnixSocket = asio::local::stream_protocol::socket;
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Connections at once. The Unix socket has its own share: whatever happens on TCP, the operator
/// gets through.
constexpr std::size_t most_remote = 1024;
constexpr std::size_t most_local = 64;
constexpr Duration sweep_interval{250};
/// After a failed accept: descriptors that ran out do not come back at once.
constexpr Duration accept_pause{100};
/// Lists are made at most this often for those on TCP: the others get their turn in between.
constexpr Duration list_pace{20};
/// Who would have to wait longer for his list is told to come again.
constexpr Duration longest_line{5000};
/// Answers on their way to slow readers on TCP may hold so much memory; the small ones are not
/// counted: there are at most as many as connections.
constexpr std::size_t counted_from = 64U << 10U;

Caller caller_of(UnixSocket& socket) {
    ::ucred credentials{};
    ::socklen_t length = sizeof credentials;
    // Cannot fail on a connected Unix socket.
    ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &length);
    return {credentials.uid, credentials.pid};
}

std::optional<Caller> caller_of(tcp::socket&) {
    return std::nullopt;
}

Endpoint to_endpoint(const tcp::endpoint& endpoint) {
    return {*Address::parse(endpoint.address().to_string()), endpoint.port()};
}

bool counts(const std::shared_ptr<const std::string>& body) {
    return body && body->size() >= counted_from;
}

}  // namespace

struct StatusServer::State {
    State(StatusOptions with, Commands carry_out);

    void start();
    void stop();
    void set_snapshot(std::shared_ptr<const Snapshot> next);
    Answer answer(const HttpRequest& request);
    void submit(Command command, std::weak_ptr<PendingCommand> pending);
    void wake_followers();
    std::optional<Duration> wait_for_turn(const HttpRequest& request);
    std::size_t unread_bytes() const;
    Session* slowest_reader();
    void make_way_for(const HttpResponse& response);

    template <class Acceptor>
    asio::awaitable<void> accept_from(Acceptor& acceptor);
    asio::awaitable<void> sweep();
    void admit(Session::Socket socket, std::optional<Caller> caller);
    bool make_room(bool local);
    std::vector<ThreadProgress> threads() const;

    StatusOptions options;
    Commands commands;
    asio::io_context io{1};
    std::vector<tcp::acceptor> tcp_acceptors;
    std::optional<UnixAcceptor> unix_acceptor;
    asio::steady_timer sweep_timer{io};
    SessionServices services;
    std::list<Session> sessions;
    bool stopping = false;

    std::shared_ptr<const Snapshot> snapshot;
    EventRing events;
    const std::int64_t nonce = Clock::now().time_since_epoch().count();
    KeptAnswers kept;
    ChangeLog changes;
    /// When the next list may be made for somebody on TCP.
    TimePoint next_list;

    /// For replies that come when nobody waits for them any more: shared with them alone.
    std::weak_ptr<State> self;
    std::atomic<TimePoint::rep> progress{Clock::now().time_since_epoch().count()};
    std::thread thread;
};

StatusServer::State::State(StatusOptions with, Commands carry_out)
    : options(std::move(with)), commands(std::move(carry_out)) {
    for (const auto& endpoint : options.listen)
        tcp_acceptors.push_back(listen_tcp(io, endpoint));
    if (!options.socket.empty()) unix_acceptor = listen_unix(io, options.socket);
    services.answer = [this](const HttpRequest& request) { return answer(request); };
    services.submit = [this](Command command, std::weak_ptr<PendingCommand> pending) {
        submit(std::move(command), std::move(pending));
    };
    services.events = &events;
    services.wait_for_turn = [this](const HttpRequest& request) { return wait_for_turn(request); };
    services.changes = &changes;
}

void StatusServer::State::start() {
    for (auto& acceptor : tcp_acceptors)
        asio::co_spawn(io, accept_from(acceptor), asio::detached);
    if (unix_acceptor) asio::co_spawn(io, accept_from(*unix_acceptor), asio::detached);
    asio::co_spawn(io, sweep(), asio::detached);
    thread = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "vipd-status");
        work_in_background();  // nobody waits for a page as he waits for a verdict
        io.run();
    });
}

/// Closes everything, so that every coroutine ends and io.run() returns.
void StatusServer::State::stop() {
    stopping = true;
    boost::system::error_code ignored;
    for (auto& acceptor : tcp_acceptors)
        acceptor.close(ignored);
    if (unix_acceptor) unix_acceptor->close(ignored);
    sweep_timer.cancel();
    for (auto& session : sessions)
        session.close();
}

void StatusServer::State::set_snapshot(std::shared_ptr<const Snapshot> next) {
    changes.note(snapshot.get(), *next);
    snapshot = std::move(next);
    kept.clear();
    wake_followers();
}

std::vector<ThreadProgress> StatusServer::State::threads() const {
    auto threads = options.progress ? options.progress() : std::vector<ThreadProgress>();
    threads.push_back({"status", Clock::now()});
    return threads;
}

Answer StatusServer::State::answer(const HttpRequest& request) {
    ApiState now;
    now.snapshot = snapshot.get();
    now.etag = fmt::format("\"{:x}-{:x}\"", nonce, changes.latest());
    now.threads = threads();
    now.now = Clock::now();
    now.events = &events;
    now.kept = &kept;
    now.takes_commands = commands != nullptr;
    auto made = vipd::answer(request, now);
    const auto* response = std::get_if<HttpResponse>(&made);
    if (response != nullptr && !request.caller) make_way_for(*response);
    return made;
}

std::optional<Duration> StatusServer::State::wait_for_turn(const HttpRequest& request) {
    if (request.caller || !is_dear(request)) return Duration{};
    const auto now = Clock::now();
    const auto turn = std::max(now, next_list);
    const auto wait = std::chrono::ceil<Duration>(turn - now);
    if (wait > longest_line) return std::nullopt;
    next_list = turn + list_pace;
    return wait;
}

/// Memory of the large answers on their way over TCP; one that many read counts once.
std::size_t StatusServer::State::unread_bytes() const {
    std::set<const std::string*> bodies;
    std::size_t sum = 0;
    for (const auto& session : sessions) {
        const auto& body = session.sending();
        if (session.is_local() || !session.is_open() || !counts(body)) continue;
        if (bodies.insert(body.get()).second) sum += body->size();
    }
    return sum;
}

/// Of those who are sent a large answer.
Session* StatusServer::State::slowest_reader() {
    const auto now = Clock::now();
    Session* slowest = nullptr;
    for (auto& session : sessions) {
        if (session.is_local() || !session.is_open() || !counts(session.sending())) continue;
        if (slowest == nullptr || session.slowness(now) > slowest->slowness(now))
            slowest = &session;
    }
    return slowest;
}

/// Slow readers are cut off when what they have not read takes too much: whoever reads gets his
/// answer, however many do not.
void StatusServer::State::make_way_for(const HttpResponse& response) {
    if (!counts(response.body)) return;
    while (unread_bytes() + response.body->size() > options.most_unread) {
        auto* slowest = slowest_reader();
        if (slowest == nullptr) return;
        slowest->close();
    }
}

void StatusServer::State::submit(Command command, std::weak_ptr<PendingCommand> pending) {
    const auto reply = [self = self, pending](CommandResult result) {
        const auto state = self.lock();
        if (!state) return;
        asio::post(state->io, [pending, result = std::move(result)]() mutable {
            const auto waiting = pending.lock();
            if (!waiting) return;
            waiting->result = std::move(result);
            waiting->arrived.cancel();
        });
    };
    commands(std::move(command), reply);
}

void StatusServer::State::wake_followers() {
    for (auto& session : sessions)
        session.wake();
}

template <class Acceptor>
asio::awaitable<void> StatusServer::State::accept_from(Acceptor& acceptor) {
    while (!stopping) {
        typename Acceptor::protocol_type::socket socket(io);
        const auto [error] = co_await acceptor.async_accept(socket, as_result);
        if (stopping) co_return;
        if (!error) {
            const auto caller = caller_of(socket);
            admit(std::move(socket), caller);
            continue;
        }
        asio::steady_timer pause(io, accept_pause);
        co_await pause.async_wait(as_result);
    }
}

/// Closes sessions whose time is up, and shows that the thread is alive.
asio::awaitable<void> StatusServer::State::sweep() {
    while (!stopping) {
        const auto now = Clock::now();
        progress = now.time_since_epoch().count();
        for (auto& session : sessions) {
            if (session.deadline() < now) session.close();
        }
        sweep_timer.expires_after(sweep_interval);
        co_await sweep_timer.async_wait(as_result);
    }
}

/// Whether one more session may be had; closes the one that has been idle longest if that helps.
bool StatusServer::State::make_room(bool local) {
    std::size_t count = 0;
    Session* oldest = nullptr;
    for (auto& session : sessions) {
        if (session.is_local() != local) continue;
        ++count;
        if (!session.idle()) continue;
        if (oldest == nullptr || session.last_active() < oldest->last_active()) oldest = &session;
    }
    if (count < (local ? most_local : most_remote)) return true;
    if (oldest == nullptr) return false;
    oldest->close();
    return true;
}

void StatusServer::State::admit(Session::Socket socket, std::optional<Caller> caller) {
    if (!make_room(caller.has_value())) return;
    sessions.emplace_back(std::move(socket), caller, services);
    const auto place = std::prev(sessions.end());
    // What a session throws (memory ran out) ends that session alone.
    asio::co_spawn(io, place->run(), [this, place](std::exception_ptr) { sessions.erase(place); });
}

StatusServer::StatusServer(StatusOptions options, Commands commands)
    : state_(std::make_shared<State>(std::move(options), std::move(commands))) {
    state_->self = state_;
}

StatusServer::~StatusServer() {
    if (state_->thread.joinable()) {
        asio::post(state_->io, [state = state_.get()] { state->stop(); });
        state_->thread.join();
    }
    if (!state_->options.socket.empty()) ::unlink(state_->options.socket.c_str());
}

void StatusServer::start() {
    state_->start();
}

void StatusServer::publish(std::shared_ptr<const Snapshot> snapshot) {
    asio::post(state_->io, [state = state_.get(), snapshot = std::move(snapshot)]() mutable {
        state->set_snapshot(std::move(snapshot));
    });
}

void StatusServer::publish(Event event) {
    asio::post(state_->io, [state = state_.get(), event = std::move(event)]() mutable {
        state->events.add(std::move(event));
        state->wake_followers();
    });
}

std::vector<Endpoint> StatusServer::endpoints() const {
    std::vector<Endpoint> list;
    for (const auto& acceptor : state_->tcp_acceptors)
        list.push_back(to_endpoint(acceptor.local_endpoint()));
    return list;
}

TimePoint StatusServer::last_progress() const {
    return TimePoint(TimePoint::duration(state_->progress.load()));
}

}  // namespace vipd
