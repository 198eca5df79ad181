#include "src/status/client/socket_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <sys/un.h>

namespace vipd {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::local::stream_protocol;
using boost::system::error_code;
namespace {

constexpr std::uint64_t body_limit = 1'000'000'000;
/// More than two heartbeats of the daemon.
constexpr Duration longest_silence{40'000};

http::request<http::string_body> make_request(const std::string& method, const std::string& target,
                                              const std::string& body) {
    constexpr unsigned http_1_1 = 11;
    http::request<http::string_body> request(http::string_to_verb(method), target, http_1_1);
    request.set(http::field::host, "vipd");
    request.set(http::field::user_agent, "vipctl/" VIPD_VERSION);
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    if (method == "POST") request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    return request;
}

/// One request on one connection; each step starts the next.
class Exchange {
public:
    Exchange(asio::io_context& io, http::request<http::string_body> request)
        : socket_(io), request_(std::move(request)) {
        parser_.body_limit(body_limit);
    }

    void start(const std::string& path) {
        socket_.async_connect(stream_protocol::endpoint(path), [this](error_code error) {
            if (!proceed(error)) return;
            write();
        });
    }

    bool finished() const { return finished_; }
    error_code error() const { return error_; }
    Reply reply() {
        auto message = parser_.release();
        return {message.result_int(), std::move(message.body())};
    }

private:
    bool proceed(error_code error) {
        if (!error) return true;
        error_ = error;
        finished_ = true;
        return false;
    }

    void write() {
        http::async_write(socket_, request_, [this](error_code error, std::size_t) {
            // The server may refuse before it has read all: its answer is what counts.
            if (error != asio::error::broken_pipe && !proceed(error)) return;
            read();
        });
    }

    void read() {
        http::async_read(socket_, buffer_, parser_, [this](error_code error, std::size_t) {
            if (proceed(error)) finished_ = true;
        });
    }

    stream_protocol::socket socket_;
    http::request<http::string_body> request_;
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> parser_;
    bool finished_ = false;
    error_code error_;
};

/// Server-sent events: a response that ends with the connection.
class Following {
public:
    Following(asio::io_context& io, const std::function<void(std::string_view)>& take)
        : socket_(io), take_(take) {}

    void start(const std::string& path, const std::string& target) {
        request_ = make_request("GET", target, "");
        request_.set(http::field::accept, "text/event-stream");
        socket_.async_connect(stream_protocol::endpoint(path), [this](error_code error) {
            if (proceed(error)) write();
        });
    }

    bool finished() const { return finished_; }
    error_code error() const { return error_; }
    unsigned status() const { return parser_.get().result_int(); }
    /// How often something came.
    std::size_t heard() const { return heard_; }

private:
    bool proceed(error_code error) {
        error_ = error;
        finished_ = error.failed();
        return !finished_;
    }

    void write() {
        http::async_write(socket_, request_, [this](error_code error, std::size_t) {
            if (proceed(error)) read_header();
        });
    }

    void read_header() {
        http::async_read_header(socket_, buffer_, parser_, [this](error_code error, std::size_t) {
            if (!proceed(error)) return;
            finished_ = status() != 200;
            if (!finished_) hear();
        });
    }

    /// Hands on what is in the buffer, then waits for more.
    void hear() {
        ++heard_;
        const auto bytes = buffer_.cdata();
        take_({static_cast<const char*>(bytes.data()), bytes.size()});
        buffer_.clear();
        constexpr std::size_t piece = 16 * 1024;
        socket_.async_read_some(buffer_.prepare(piece), [this](error_code error, std::size_t size) {
            if (!proceed(error)) return;
            buffer_.commit(size);
            hear();
        });
    }

    stream_protocol::socket socket_;
    const std::function<void(std::string_view)>& take_;
    http::request<http::string_body> request_;
    beast::flat_buffer buffer_;
    http::response_parser<http::buffer_body> parser_;
    bool finished_ = false;
    std::size_t heard_ = 0;
    error_code error_;
};

std::string explain(const std::string& path, const error_code& error) {
    if (error == boost::system::errc::no_such_file_or_directory) {
        return path + " does not exist: vipd is not running, or listens elsewhere (--socket)";
    }
    if (error == boost::system::errc::connection_refused)
        return "nobody answers on " + path + ": vipd is not running";
    if (error == boost::system::errc::permission_denied) {
        return "no permission to use " + path + ": its owner and group may";
    }
    return path + ": " + error.message();
}

}  // namespace

boost::system::result<Reply, NoReply> SocketClient::ask(const std::string& method,
                                                        const std::string& target,
                                                        const std::string& body,
                                                        Duration timeout) const {
    if (path_.size() >= sizeof(::sockaddr_un::sun_path))
        return NoReply{false, path_ + ": the path is too long"};
    asio::io_context io{1};
    Exchange exchange(io, make_request(method, target, body));
    exchange.start(path_);
    io.run_for(timeout);
    if (!exchange.finished()) {
        return NoReply{true,
                       fmt::format("{} gave no answer in {} s", path_, timeout.count() / 1000)};
    }
    if (exchange.error()) return NoReply{false, explain(path_, exchange.error())};
    return exchange.reply();
}

NoReply SocketClient::follow(const std::string& target,
                             const std::function<void(std::string_view)>& take) const {
    asio::io_context io{1};
    Following following(io, take);
    following.start(path_, target);
    while (!following.finished()) {
        const auto heard = following.heard();
        io.restart();
        io.run_for(longest_silence);
        if (!following.finished() && following.heard() == heard) {
            return {true, path_ + " has gone silent"};
        }
    }
    if (following.error() == asio::error::eof) return {false, "the daemon closed the connection"};
    if (!following.error()) {
        return {false, fmt::format("{} answered with HTTP status {}", path_, following.status())};
    }
    return {false, explain(path_, following.error())};
}

}  // namespace vipd
