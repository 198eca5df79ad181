#pragma once
// One connection of the status server: reads requests, writes answers, until either side has had
// enough. Lives on the status thread; the server owns it and joins its coroutine before destroying
// it.

#include "src/base/time.hpp"
#include "src/status/answer.hpp"
#include "src/status/change_log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace vipd {

/// A command on its way through the control thread. Used on the status thread alone.
struct PendingCommand {
    explicit PendingCommand(const boost::asio::any_io_executor& executor) : arrived(executor) {}

    std::optional<CommandResult> result;
    boost::asio::steady_timer arrived;  // cancelled when the result is there
};

/// What sessions see of the server. Outlives them.
struct SessionServices {
    std::function<Answer(const HttpRequest&)> answer;
    /// Hands the command on; the result is put into what `pending` points to, if that still lives.
    std::function<void(Command, std::weak_ptr<PendingCommand> pending)> submit;
    /// How long the request has to wait until it may be answered; nothing: too many wait.
    std::function<std::optional<Duration>(const HttpRequest&)> wait_for_turn;
    const EventRing* events = nullptr;
    const ChangeLog* changes = nullptr;
};

class Session {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    /// `caller` is present for a connection of the Unix socket.
    Session(Socket socket, std::optional<Caller> caller, const SessionServices& services);

    /// Ends when the connection does.
    boost::asio::awaitable<void> run();

    /// Ends run() soon, whatever it waits for.
    void close();

    /// There may be news for those who follow events.
    void wake();

    bool is_open() const { return socket_.is_open(); }
    bool is_local() const { return caller_.has_value(); }
    /// Waits for a request, or for something to tell a follower: may be closed to make room.
    bool idle() const { return idle_; }
    /// When something last moved.
    TimePoint last_active() const { return last_active_; }
    /// close() is due then, unless something moves before.
    TimePoint deadline() const { return deadline_; }
    /// The body on its way to the reader; absent between answers.
    const std::shared_ptr<const std::string>& sending() const { return sending_; }
    /// How slowly he takes it: seconds for each byte so far.
    double slowness(TimePoint now) const;

private:
    boost::asio::awaitable<bool> exchange();
    boost::asio::awaitable<Answer> answer(const HttpRequest& request);
    boost::asio::awaitable<HttpResponse> carry_out(Command command);
    boost::asio::awaitable<void> follow(Subscription subscription);
    boost::asio::awaitable<bool> write_text(std::string text);
    boost::asio::awaitable<bool> send(HttpResponse response, unsigned version, bool head_only,
                                      bool keep_alive);
    boost::asio::awaitable<void> refuse(HttpResponse response);
    boost::asio::awaitable<void> drain();
    void allow(Duration time);

    Socket socket_;
    std::optional<Caller> caller_;
    const SessionServices& services_;
    boost::beast::flat_buffer buffer_;
    boost::asio::steady_timer news_;
    boost::asio::steady_timer turn_;
    std::shared_ptr<PendingCommand> pending_;
    bool idle_ = true;
    TimePoint last_active_;
    TimePoint deadline_;
    std::shared_ptr<const std::string> sending_;
    TimePoint sending_since_;
    std::size_t sent_ = 0;
};

}  // namespace vipd
