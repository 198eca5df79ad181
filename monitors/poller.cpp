#include "monitors/poller.hpp"

#include <cerrno>
#include <system_error>

namespace vipd::monitors {

namespace {

constexpr std::uint32_t everything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

int Poller::add(int fd, std::uint64_t token) {
    epoll_event event{};
    event.events = everything;
    event.data.u64 = token;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void Poller::rearm(int fd, std::uint64_t token) {
    epoll_event event{};
    event.events = everything;
    event.data.u64 = token;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

std::span<const epoll_event> Poller::wait(std::span<epoll_event> events,
                                          std::chrono::nanoseconds timeout) {
    constexpr std::int64_t second = 1000000000;
    const timespec limit{.tv_sec = timeout.count() / second, .tv_nsec = timeout.count() % second};
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     &limit, nullptr);
    if (count < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
    return events.first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

}  // namespace vipd::monitors
