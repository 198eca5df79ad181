#include "monitors/idle_tcp_probe.hpp"

#include "monitors/text.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace vipd::monitors {

namespace {

/// Also bounds how often a server that hangs up at once is connected to.
constexpr Duration settle_time{100};

int whole_seconds(Duration duration) {
    const auto rounded_up = std::chrono::ceil<std::chrono::seconds>(duration).count();
    return static_cast<int>(
        std::clamp<std::chrono::seconds::rep>(rounded_up, 1, 32767));  // tcp(7): the most it takes
}

void set_keepalive(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

Step IdleTcpProbe::start(const ProbeContext& context, TimePoint now) {
    started_ = now;
    auto [socket, error] = connect_stream(plan_.target, plan_.source, plan_.path);
    socket_ = std::move(socket);
    if (error != 0 && error != EINPROGRESS) return socket_failure(error);
    const bool at_once = error == 0;
    error = context.poller.add(socket_.get(), context.token);
    if (error != 0) return socket_failure(error);
    return at_once ? connected(now) : Step::waiting();
}

/// What the server sends is left unread: its kernel stops sending when ours has no more room, and
/// the end of the stream is reported all the same.
Step IdleTcpProbe::ready(const ProbeContext& /*context*/, std::uint32_t events, TimePoint now) {
    const bool broken = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (state_ != State::connecting) return broken ? lost(now) : Step::waiting();
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return socket_failure(pending_error(socket_.get()));
    if ((events & EPOLLOUT) == 0) return Step::waiting();
    auto step = connected(now);
    return broken ? lost(now) : step;
}

Step IdleTcpProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    if (state_ == State::connecting) {
        return Step::done(
            {false, {"timeout", "no connection within " + duration_text(plan_.timeout)}});
    }
    state_ = State::idle;
    return Step::holding({true, {"ok", "connected"}});
}

Step IdleTcpProbe::connected(TimePoint now) {
    connected_at_ = now;
    phases_.connected = std::chrono::duration_cast<Phases::Elapsed::value_type>(now - started_);
    state_ = State::settling;
    keep_alive();
    return Step::waiting_until(now + settle_time);
}

Step IdleTcpProbe::lost(TimePoint now) const {
    if (state_ == State::settling) {
        return Step::done({false,
                           {"connection-closed", "closed " + duration_text(now - connected_at_) +
                                                     " after it was accepted"}});
    }
    const int error = pending_error(socket_.get());
    const bool silent_death = error != 0 && error != ECONNRESET && error != EPIPE;
    if (silent_death)
        return Step::done(
            {false, {"timeout", "keepalives were not answered: " + socket_reason(error).text}});
    return Step::renewed();
}

/// One keepalive each interval; one that is not answered within the timeout is like a probe that is
/// not.
void IdleTcpProbe::keep_alive() const {
    const int fd = socket_.get();
    set_keepalive(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_keepalive(fd, IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(plan_.interval));
    set_keepalive(fd, IPPROTO_TCP, TCP_KEEPINTVL, whole_seconds(plan_.timeout));
    set_keepalive(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
}

}  // namespace vipd::monitors
