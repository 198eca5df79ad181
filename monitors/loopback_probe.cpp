#include "monitors/loopback_probe.hpp"

#include "monitors/text.hpp"

#include <cerrno>

namespace vipd::monitors {

namespace {

/// Whatever goes wrong is the finding: it is ourselves that this probe is about.
Step failure(int error) {
    return Step::done({.success = false, .reason = socket_reason(error)});
}

}  // namespace

Step LoopbackProbe::start(const ProbeContext& context, TimePoint /*now*/) {
    auto [listener, port, refused] = listen_stream(plan_.target.address);
    listener_ = std::move(listener);
    if (refused != 0) return failure(refused);
    auto [client, error] = connect_stream({plan_.target.address, port}, {});
    client_ = std::move(client);
    if (error != 0 && error != EINPROGRESS) return failure(error);
    for (const int fd : {listener_.get(), client_.get()}) {
        if (const int unwatched = context.poller.add(fd, context.token)) return failure(unwatched);
    }
    return Step::waiting();
}

Step LoopbackProbe::ready(const ProbeContext& /*context*/, std::uint32_t /*events*/,
                          TimePoint /*now*/) {
    const Fd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted) return Step::done({true, {"ok", "this host reaches itself"}});
    const int error = errno;
    if (error != EAGAIN) return failure(error);
    const int refused = pending_error(client_.get());
    return refused == 0 ? Step::waiting() : failure(refused);
}

Step LoopbackProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    return Step::done(
        {false,
         {"timeout", "this host does not reach itself within " + duration_text(plan_.timeout)}});
}

}  // namespace vipd::monitors
