#pragma once
// epoll(7), edge-triggered. One a worker.

#include "monitors/socket.hpp"
#include "src/base/time.hpp"

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace vipd::monitors {

class Poller {
public:
    /// Throws std::system_error when the kernel refuses.
    Poller();

    /// Reports reading, writing and closing, once for each change, with `token`. 0 or errno.
    [[nodiscard]] int add(int fd, std::uint64_t token);
    /// Reports once more what is true now: for a reader that stopped before the socket was empty.
    void rearm(int fd, std::uint64_t token);

    /// Until something happens or `timeout` has passed. Sub-millisecond timeouts hold
    /// (epoll_pwait2(2), Linux 5.11).
    std::span<const epoll_event> wait(std::span<epoll_event> events,
                                      std::chrono::nanoseconds timeout);

private:
    Fd epoll_;
};

}  // namespace vipd::monitors
