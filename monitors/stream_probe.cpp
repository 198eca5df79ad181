#include "monitors/stream_probe.hpp"

#include "monitors/text.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace vipd::monitors {

namespace {

Transfer transfer(ssize_t count) {
    using Status = Transfer::Status;
    if (count > 0) return {.status = Status::moved, .bytes = static_cast<std::size_t>(count)};
    if (count == 0) return {.status = Status::closed};
    if (errno == EAGAIN || errno == EINTR) return {.status = Status::again};
    return {.status = Status::failed, .reason = socket_reason(errno)};
}

/// Nothing has come since its last exchange, nor its end.
bool is_silent(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace

StreamProbe::StreamProbe(const ProbePlan& plan, const TlsContext* tls,
                         std::unique_ptr<Dialogue> dialogue)
    : plan_(plan), tls_context_(tls), dialogue_(std::move(dialogue)) {}

void StreamProbe::reuse(std::unique_ptr<StreamConnection> connection) {
    connection_ = std::move(connection);
}

/// Renewed now and then, so that a server which takes no new connections is found all the same.
std::unique_ptr<StreamConnection> StreamProbe::take_connection() {
    constexpr unsigned most_exchanges = 10;
    if (!dialogue_ || !dialogue_->leaves_stream_open()) return nullptr;
    if (++connection_->exchanges >= most_exchanges) return nullptr;
    return std::move(connection_);
}

Step StreamProbe::start(const ProbeContext& context, TimePoint now) {
    started_ = now;
    if (!connection_ || !is_silent(connection_->socket.get())) return connect(context, now);
    phases_.reused = true;
    context.poller.rearm(connection_->socket.get(), context.token);
    return talk();
}

/// For the first time, or because a reused connection was closed before anything came back on it:
/// the server may do that at any time (RFC 9112 section 9.3.1).
Step StreamProbe::connect(const ProbeContext& context, TimePoint now) {
    state_ = State::connecting;
    phases_ = {};
    output_.clear();
    written_ = 0;
    connection_ = std::make_unique<StreamConnection>();
    auto [socket, error] = connect_stream(plan_.target, plan_.source, plan_.path);
    connection_->socket = std::move(socket);
    if (error != 0 && error != EINPROGRESS) return socket_failure(error);
    if (error == 0) {  // usual on loopback
        auto step = connected(now);
        if (step.then != Step::Then::wait) return step;
    }
    error = context.poller.add(connection_->socket.get(), context.token);
    return error == 0 ? Step::waiting() : socket_failure(error);
}

Step StreamProbe::ready(const ProbeContext& context, std::uint32_t events, TimePoint now) {
    if (state_ == State::connecting) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0)
            return socket_failure(pending_error(connection_->socket.get()));
        if ((events & EPOLLOUT) == 0) return Step::waiting();
        return connected(now);
    }
    if (state_ == State::shaking_hands) {
        auto step = shake_hands(now);
        if (step.then != Step::Then::wait || state_ != State::talking) return step;
        return read(context,
                    now);  // OpenSSL may have read ahead: the socket will not report that again
    }
    if (written_ < output_.size()) {
        auto step = write();
        if (step.then != Step::Then::wait) return step;
    }
    const bool readable =
        stopped_reading_ || (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
    return readable ? read(context, now) : Step::waiting();
}

Step StreamProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    const auto within = " within " + duration_text(plan_.timeout);
    if (state_ == State::connecting)
        return Step::done({false, {"timeout", "no connection" + within}});
    auto after = phases_.reused ? std::string(" (on a connection kept open")
                                : " (connected after " + duration_text(*phases_.connected);
    if (state_ == State::shaking_hands)
        return Step::done({false, {"timeout", "no TLS handshake" + within + after + ")"}});
    if (received_ > 0) after += ", then " + std::to_string(received_) + " bytes";
    const auto* what = received_ > 0 ? "no complete answer" : "no answer";
    return Step::done({false, {"timeout", what + within + after + ")"}});
}

Step StreamProbe::connected(TimePoint now) {
    phases_.connected = elapsed(now);
    if (tls_context_ == nullptr) return talk();
    state_ = State::shaking_hands;
    connection_->tls.emplace(*tls_context_, connection_->socket.get());
    return shake_hands(now);
}

Step StreamProbe::shake_hands(TimePoint now) {
    auto result = connection_->tls->handshake();
    switch (result.status) {
        case Transfer::Status::again:
            return Step::waiting();
        case Transfer::Status::closed:
            return Step::done({false, {"connection-closed", "closed during the TLS handshake"}});
        case Transfer::Status::failed:
            return Step::done({false, std::move(result.reason)});
        case Transfer::Status::moved:
            break;
    }
    phases_.handshaken = elapsed(now);
    return talk();
}

Step StreamProbe::talk() {
    state_ = State::talking;
    if (!dialogue_)
        return Step::done({true, {"ok", connection_->tls ? "handshake done" : "connected"}});
    if (auto finding = dialogue_->begin()) return Step::done(*std::move(finding));
    return write();
}

/// A broken connection is left to read(): an answer may have come before the break.
Step StreamProbe::write() {
    for (;;) {
        if (written_ == output_.size()) {
            output_ = dialogue_->take_output();
            written_ = 0;
            if (output_.empty()) return Step::waiting();
        }
        const auto result = send_some(std::string_view(output_).substr(written_));
        if (result.status != Transfer::Status::moved) return Step::waiting();
        written_ += result.bytes;
    }
}

Step StreamProbe::read(const ProbeContext& context, TimePoint now) {
    constexpr int reads_at_once = 16;  // then others get their turn
    stopped_reading_ = false;
    for (int reads = 0; reads < reads_at_once; ++reads) {
        auto result = receive_some(context.scratch);
        if (result.status == Transfer::Status::again) return Step::waiting();
        const bool broken = result.status != Transfer::Status::moved;
        if (broken && phases_.reused && received_ == 0) return connect(context, now);
        if (result.status == Transfer::Status::failed)
            return Step::done({false, std::move(result.reason)});
        if (result.status == Transfer::Status::closed) {
            auto finding = dialogue_->end();
            return Step::done(finding ? *std::move(finding)
                                      : Finding{false, {"connection-closed", "closed too early"}});
        }
        if (received_ == 0) phases_.first_byte = elapsed(now);
        received_ += result.bytes;
        auto finding = dialogue_->receive({context.scratch.data(), result.bytes});
        if (finding) return Step::done(*std::move(finding));
        auto step = write();
        if (step.then != Step::Then::wait) return step;
    }
    stopped_reading_ = true;
    context.poller.rearm(connection_->socket.get(), context.token);
    return Step::waiting();
}

Transfer StreamProbe::send_some(std::string_view bytes) {
    if (connection_->tls) return connection_->tls->write(bytes);
    return transfer(::send(connection_->socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Transfer StreamProbe::receive_some(std::span<char> buffer) {
    if (connection_->tls) return connection_->tls->read(buffer);
    return transfer(::recv(connection_->socket.get(), buffer.data(), buffer.size(), 0));
}

Phases::Elapsed StreamProbe::elapsed(TimePoint now) const {
    return std::chrono::duration_cast<Phases::Elapsed::value_type>(now - started_);
}

}  // namespace vipd::monitors
