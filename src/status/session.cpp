#include "src/status/session.hpp"

#include "src/status/api.hpp"
#include "src/status/command_json.hpp"
#include "src/status/event_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/chrono.h>

#include <array>

namespace vipd {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);

constexpr std::uint32_t header_limit = 8 * 1024;
constexpr std::uint64_t body_limit = 64 * 1024;
constexpr std::size_t buffer_limit = 32 * 1024;
/// For a whole request, from the end of the last answer on.
constexpr Duration read_limit{30'000};
/// For the next part of an answer to be taken by a slow reader.
constexpr Duration write_limit{10'000};
/// For what is still on its way in when we have refused to read on.
constexpr Duration drain_limit{1'000};
constexpr std::size_t drain_bytes = 1024 * 1024;
/// For the control thread to carry out a command; design: Commands.
constexpr Duration command_limit{60'000};
/// A follower with no news hears this often that the connection lives, and we that he does.
constexpr Duration heartbeat{15'000};
/// Between two writes to one follower: a storm of events becomes few large writes.
constexpr Duration follow_pause{100};

using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::span_body<const char>>;

/// Server-sent events end with the connection; "retry" is how soon a browser comes back.
constexpr const char* follow_head =
    "HTTP/1.1 200 OK\r\nServer: vipd/" VIPD_VERSION
    "\r\nContent-Type: text/event-stream\r\nX-Content-Type-Options: nosniff\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n\r\nretry: 2000\n\n";

std::string text(beast::string_view view) {
    return {view.data(), view.size()};
}

HttpRequest to_request(http::request<http::string_body>&& message,
                       const std::optional<Caller>& caller) {
    HttpRequest request;
    request.method = text(message.method_string());
    request.target = text(message.target());
    const auto [first, last] = message.equal_range(http::field::accept);
    for (auto field = first; field != last; ++field)
        request.accept.push_back(text(field->value()));
    request.if_none_match = text(message[http::field::if_none_match]);
    request.last_event_id = text(message["Last-Event-ID"]);
    request.body = std::move(message.body());
    request.caller = caller;
    return request;
}

/// What a request that cannot be read is answered with; nothing if nobody is there to be told.
std::optional<HttpResponse> refusal(const boost::system::error_code& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return error_response(431, "header-too-large", "the request's header may have 8 KiB");
    }
    if (error == http::error::body_limit) {
        return error_response(413, "body-too-large", "the request's body may have 64 KiB");
    }
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
        return error_response(400, "bad-request", "not HTTP/1.1: " + error.message());
    }
    return std::nullopt;
}

/// RFC 9110 §5.6.7; browsers tell ages by it.
std::string http_date() {
    return fmt::format(
        "{:%a, %d %b %Y %H:%M:%S} GMT",
        fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

Message to_message(const HttpResponse& response, unsigned version) {
    Message message(static_cast<http::status>(response.status), version);
    message.set(http::field::server, "vipd/" VIPD_VERSION);
    message.set(http::field::date, http_date());
    message.set(http::field::content_type, response.content_type);
    message.set("X-Content-Type-Options", "nosniff");
    message.set(http::field::cache_control, "no-cache");
    for (const auto& [name, value] : response.headers)
        message.set(name, value);
    if (response.body) message.body() = {response.body->data(), response.body->size()};
    // A 304 has no body, and a length would speak of the body it stands for (RFC 9110 §15.4.5).
    if (response.status != 304) message.content_length(message.body().size());
    return message;
}

}  // namespace

Session::Session(Socket socket, std::optional<Caller> caller, const SessionServices& services)
    : socket_(std::move(socket)),
      caller_(caller),
      services_(services),
      buffer_(buffer_limit),
      news_(socket_.get_executor()),
      turn_(socket_.get_executor()) {
    allow(read_limit);
}

void Session::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    news_.cancel();
    turn_.cancel();
    if (pending_) pending_->arrived.cancel();
}

void Session::wake() {
    news_.cancel();
}

/// Who has just begun is not slow yet.
double Session::slowness(TimePoint now) const {
    constexpr std::size_t head_start = 128U << 10U;
    const auto taken = static_cast<double>(sent_ + head_start);
    return std::chrono::duration<double>(now - sending_since_).count() / taken;
}

void Session::allow(Duration time) {
    last_active_ = Clock::now();
    deadline_ = last_active_ + time;
}

asio::awaitable<void> Session::run() {
    bool more = true;
    while (more)
        more = co_await exchange();
    close();
}

/// One request and its answer. True: the next one may follow.
asio::awaitable<bool> Session::exchange() {
    Parser parser;
    parser.header_limit(header_limit);
    parser.body_limit(body_limit);
    idle_ = true;
    allow(read_limit);
    const auto [error, size] = co_await http::async_read(socket_, buffer_, parser, as_value);
    idle_ = false;
    if (error) {
        auto response = refusal(error);
        if (response) co_await refuse(std::move(*response));
        co_return false;
    }
    const bool keep_alive = parser.get().keep_alive();
    const unsigned version = parser.get().version();
    const bool head_only = parser.get().method() == http::verb::head;
    const HttpRequest request = to_request(parser.release(), caller_);
    Answer answer = co_await this->answer(request);
    if (auto* subscription = std::get_if<Subscription>(&answer)) {
        co_await follow(std::move(*subscription));
        co_return false;
    }
    HttpResponse response;
    if (auto* command = std::get_if<Command>(&answer)) {
        response = co_await carry_out(std::move(*command));
    } else {
        response = std::move(std::get<HttpResponse>(answer));
    }
    co_return co_await send(std::move(response), version, head_only, keep_alive);
}

asio::awaitable<Answer> Session::answer(const HttpRequest& request) {
    const auto wait = services_.wait_for_turn(request);
    if (!wait) co_return busy_response();
    if (*wait > Duration{}) {
        allow(*wait + write_limit);
        turn_.expires_after(*wait);
        co_await turn_.async_wait(as_value);
    }
    co_return services_.answer(request);
}

asio::awaitable<HttpResponse> Session::carry_out(Command command) {
    allow(command_limit + write_limit);
    pending_ = std::make_shared<PendingCommand>(socket_.get_executor());
    pending_->arrived.expires_after(command_limit);
    const bool asks = only_asks(command);
    services_.submit(std::move(command), pending_);
    co_await pending_->arrived.async_wait(as_value);
    const auto result = std::move(pending_->result);
    pending_.reset();
    CommandResult late;
    late.outcome = Outcome::timeout;
    late.message = "the control thread gave no answer in 60 s; what was asked may still happen";
    const auto final_result = result.value_or(late);
    if (asks) co_return inquiry_response(final_result);
    co_return command_response(final_result);
}

/// Writes news as they come. The connection is not read any more: it ends when a write fails.
asio::awaitable<void> Session::follow(Subscription subscription) {
    EventStream stream(std::move(subscription));
    std::string text = follow_head;
    asio::steady_timer pause(socket_.get_executor());
    while (co_await write_text(std::move(text))) {
        pause.expires_after(follow_pause);
        co_await pause.async_wait(as_value);
        if (!socket_.is_open()) co_return;
        text = stream.next(*services_.events, *services_.changes);
        if (!text.empty()) continue;
        news_.expires_after(heartbeat);
        idle_ = true;
        allow(heartbeat + write_limit);
        const auto [woken] = co_await news_.async_wait(as_value);
        idle_ = false;
        text = stream.next(*services_.events, *services_.changes);
        if (text.empty() && !woken) text = ":\n\n";
    }
}

asio::awaitable<bool> Session::write_text(std::string text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        allow(write_limit);
        const auto [error, size] =
            co_await socket_.async_write_some(asio::buffer(rest.data(), rest.size()), as_value);
        if (error) co_return false;
        rest.remove_prefix(size);
    }
    co_return true;
}

asio::awaitable<bool> Session::send(HttpResponse response, unsigned version, bool head_only,
                                    bool keep_alive) {
    Message message = to_message(response, version);
    message.keep_alive(keep_alive);
    http::response_serializer<http::span_body<const char>> serializer(message);
    if (head_only || response.status == 304) {
        allow(write_limit);
        const auto [error, size] = co_await http::async_write_header(socket_, serializer, as_value);
        co_return keep_alive && !error;
    }
    sending_ = response.body;
    sending_since_ = Clock::now();
    sent_ = 0;
    while (!serializer.is_done()) {
        allow(write_limit);
        const auto [error, size] = co_await http::async_write_some(socket_, serializer, as_value);
        if (error) co_return false;
        sent_ += size;
    }
    sending_.reset();
    co_return keep_alive;
}

asio::awaitable<void> Session::refuse(HttpResponse response) {
    constexpr unsigned http_1_1 = 11;
    co_await send(std::move(response), http_1_1, false, false);
    co_await drain();
}

/// Closing a socket with unread bytes resets the connection, and the reset may overtake our answer.
asio::awaitable<void> Session::drain() {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    std::array<char, 4096> sink;
    allow(drain_limit);
    for (std::size_t taken = 0; taken < drain_bytes;) {
        const auto [error, size] = co_await socket_.async_read_some(asio::buffer(sink), as_value);
        if (error) co_return;
        taken += size;
    }
}

}  // namespace vipd
