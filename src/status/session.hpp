#pragma once
// One connection of the status server: reads requests, writes answers, until either side has had
// enough. Lives on the status thread; the server owns it and joins its coroutine before destroying
// it.

#include "src/base/time.hpp"
#include "src/status/http_message.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <functional>
#include <optional>

namespace vipd {

class Session {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    using Answer = std::function<HttpResponse(const HttpRequest&)>;

    /// `caller` is present for a connection of the Unix socket.
    Session(Socket socket, std::optional<Caller> caller, Answer answer);

    /// Ends when the connection does.
    boost::asio::awaitable<void> run();

    /// Ends run() soon, whatever it waits for.
    void close();

    bool is_local() const { return caller_.has_value(); }
    /// Waits for a request.
    bool idle() const { return idle_; }
    /// Of the last byte that moved, as far as deadlines are concerned.
    TimePoint last_active() const { return last_active_; }
    /// close() is due then, unless something moves before.
    TimePoint deadline() const { return deadline_; }

private:
    boost::asio::awaitable<bool> exchange();
    boost::asio::awaitable<bool> send(HttpResponse response, unsigned version, bool head_only,
                                      bool keep_alive);
    boost::asio::awaitable<void> refuse(HttpResponse response);
    boost::asio::awaitable<void> drain();
    void allow(Duration time);

    Socket socket_;
    std::optional<Caller> caller_;
    Answer answer_;
    boost::beast::flat_buffer buffer_;
    bool idle_ = true;
    TimePoint last_active_;
    TimePoint deadline_;
};

}  // namespace vipd
