#include "monitors/stream_probe.hpp"

#include "monitors/text.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace vipd::monitors {

StreamProbe::StreamProbe(const ProbePlan& plan, std::unique_ptr<Dialogue> dialogue)
    : plan_(plan), dialogue_(std::move(dialogue)) {}

Step StreamProbe::start(const ProbeContext& context, TimePoint now) {
    started_ = now;
    auto [socket, error] = connect_stream(plan_.target, plan_.source);
    socket_ = std::move(socket);
    if (error != 0 && error != EINPROGRESS) return socket_failure(error);
    const bool at_once = error == 0;  // usual on loopback
    if (at_once) {
        auto step = connected(now);
        if (step.then != Step::Then::wait) return step;
    }
    error = context.poller.add(socket_.get(), context.token);
    return error == 0 ? Step::waiting() : Step::own_fault(socket_reason(error));
}

Step StreamProbe::ready(const ProbeContext& context, std::uint32_t events, TimePoint now) {
    if (!phases_.connected) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0)
            return socket_failure(pending_error(socket_.get()));
        if ((events & EPOLLOUT) == 0) return Step::waiting();
        auto step = connected(now);
        if (step.then != Step::Then::wait) return step;
    } else if ((events & EPOLLOUT) != 0 && written_ < output_.size()) {
        auto step = write();
        if (step.then != Step::Then::wait) return step;
    }
    const bool readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
    return readable ? read(context, now) : Step::waiting();
}

Step StreamProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    const auto within = " within " + duration_text(plan_.timeout);
    if (!phases_.connected) return Step::done({false, {"timeout", "no connection" + within}});
    auto after = " (connected after " + duration_text(*phases_.connected);
    if (received_ > 0) after += ", then " + std::to_string(received_) + " bytes";
    return Step::done(
        {false,
         {"timeout", (received_ > 0 ? "no complete answer" : "no answer") + within + after + ")"}});
}

Step StreamProbe::connected(TimePoint now) {
    phases_.connected = elapsed(now);
    if (!dialogue_) return conclude({true, {"ok", "connected"}});
    if (auto finding = dialogue_->begin()) return conclude(*std::move(finding));
    return write();
}

Step StreamProbe::write() {
    if (written_ == output_.size()) {
        output_ = dialogue_->take_output();
        written_ = 0;
    }
    while (written_ < output_.size()) {
        const auto count = ::send(socket_.get(), output_.data() + written_,
                                  output_.size() - written_, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return Step::waiting();
        if (count < 0 && errno == EINTR) continue;
        // An answer may have arrived before the reset (a server that refuses without reading): let
        // read() find out.
        if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) return Step::waiting();
        if (count < 0) return socket_failure(errno);
        written_ += static_cast<std::size_t>(count);
    }
    return Step::waiting();
}

Step StreamProbe::read(const ProbeContext& context, TimePoint now) {
    constexpr int reads_at_once = 16;  // then others get their turn
    for (int reads = 0; reads < reads_at_once; ++reads) {
        const auto count = ::recv(socket_.get(), context.scratch.data(), context.scratch.size(), 0);
        if (count < 0 && errno == EAGAIN) return Step::waiting();
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return socket_failure(errno);
        if (count == 0) {
            auto finding = dialogue_->end();
            return conclude(
                finding ? *std::move(finding)
                        : Finding{false,
                                  {"connection-closed", "closed before the answer was complete"}});
        }
        const auto length = static_cast<std::size_t>(count);
        if (received_ == 0) phases_.first_byte = elapsed(now);
        received_ += length;
        if (auto finding = dialogue_->receive({context.scratch.data(), length}))
            return conclude(*std::move(finding));
        auto step = write();
        if (step.then != Step::Then::wait) return step;
    }
    context.poller.rearm(socket_.get(), context.token);
    return Step::waiting();
}

/// The conclusion is drawn, nothing more is to be said or heard: RST spares both sides the
/// TIME_WAIT. (After the server's FIN it is the server that would keep one.)
Step StreamProbe::conclude(Finding finding) {
    close_without_time_wait(socket_.get());
    socket_.reset();
    return Step::done(std::move(finding));
}

Phases::Elapsed StreamProbe::elapsed(TimePoint now) const {
    return std::chrono::duration_cast<Phases::Elapsed::value_type>(now - started_);
}

}  // namespace vipd::monitors
