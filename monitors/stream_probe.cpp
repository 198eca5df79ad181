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

}  // namespace

StreamProbe::StreamProbe(const ProbePlan& plan, const TlsContext* tls,
                         std::unique_ptr<Dialogue> dialogue)
    : plan_(plan), tls_context_(tls), dialogue_(std::move(dialogue)) {}

Step StreamProbe::start(const ProbeContext& context, TimePoint now) {
    started_ = now;
    auto [socket, error] = connect_stream(plan_.target, plan_.source, plan_.path);
    socket_ = std::move(socket);
    if (error != 0 && error != EINPROGRESS) return socket_failure(error);
    if (error == 0) {  // usual on loopback
        auto step = connected(now);
        if (step.then != Step::Then::wait) return step;
    }
    error = context.poller.add(socket_.get(), context.token);
    return error == 0 ? Step::waiting() : socket_failure(error);
}

Step StreamProbe::ready(const ProbeContext& context, std::uint32_t events, TimePoint now) {
    if (state_ == State::connecting) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0)
            return socket_failure(pending_error(socket_.get()));
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
    auto after = " (connected after " + duration_text(*phases_.connected);
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
    tls_.emplace(*tls_context_, socket_.get());
    return shake_hands(now);
}

Step StreamProbe::shake_hands(TimePoint now) {
    auto result = tls_->handshake();
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
    if (!dialogue_) return Step::done({true, {"ok", tls_ ? "handshake done" : "connected"}});
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
    context.poller.rearm(socket_.get(), context.token);
    return Step::waiting();
}

Transfer StreamProbe::send_some(std::string_view bytes) {
    if (tls_) return tls_->write(bytes);
    return transfer(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Transfer StreamProbe::receive_some(std::span<char> buffer) {
    if (tls_) return tls_->read(buffer);
    return transfer(::recv(socket_.get(), buffer.data(), buffer.size(), 0));
}

Phases::Elapsed StreamProbe::elapsed(TimePoint now) const {
    return std::chrono::duration_cast<Phases::Elapsed::value_type>(now - started_);
}

}  // namespace vipd::monitors
