#include "monitors/datagram_probe.hpp"

#include "monitors/text.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace vipd::monitors {

DatagramProbe::DatagramProbe(const ProbePlan& plan, Protocol protocol,
                             std::unique_ptr<DatagramDialogue> dialogue)
    : plan_(plan), protocol_(protocol), dialogue_(std::move(dialogue)) {}

Step DatagramProbe::start(const ProbeContext& context, TimePoint now) {
    started_ = now;
    auto [socket, error] = protocol_ == Protocol::udp
                               ? connect_datagram(plan_.target, plan_.source, plan_.path)
                               : connect_icmp(plan_.target.address, plan_.source);
    socket_ = std::move(socket);
    if (error != 0) return socket_failure(error);
    error = context.poller.add(socket_.get(), context.token);
    if (error != 0) return socket_failure(error);
    const auto request = dialogue_->request();
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
        return failed(errno);
    return Step::waiting();
}

Step DatagramProbe::ready(const ProbeContext& context, std::uint32_t /*events*/, TimePoint now) {
    constexpr int reads_at_once = 16;  // then others get their turn
    for (int reads = 0; reads < reads_at_once; ++reads) {
        const auto count = ::recv(socket_.get(), context.scratch.data(), context.scratch.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Step::waiting();
        if (count < 0) return failed(errno);
        auto finding =
            dialogue_->receive({context.scratch.data(), static_cast<std::size_t>(count)});
        if (finding) {
            phases_.first_byte =
                std::chrono::duration_cast<Phases::Elapsed::value_type>(now - started_);
            return Step::done(*std::move(finding));
        }
        ++ignored_;
    }
    context.poller.rearm(socket_.get(), context.token);
    return Step::waiting();
}

Step DatagramProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    if (auto finding = dialogue_->silence()) return Step::done(*std::move(finding));
    auto text = "no answer within " + duration_text(plan_.timeout);
    if (ignored_ > 0)
        text += " (" + std::to_string(ignored_) + " datagrams were not answers to ours)";
    return Step::done({false, {"timeout", text}});
}

Step DatagramProbe::failed(int error) const {
    if (error == ECONNREFUSED)
        return Step::done({false, {"port-unreachable", "ICMP says that nothing listens there"}});
    return socket_failure(error);
}

}  // namespace vipd::monitors
