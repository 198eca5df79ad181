// The yardstick: HTTP probes by an epoll loop with nothing else in it. No timers but the round
// itself, no deadlines, no results; the answer is read once and its status compared. Usage:
// monitors_bare_loop PORT SERVERS SECONDS: every server (127.1.0.1 and on) once a second.

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view request =
    "GET /healthz HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: bare\r\nAccept: */*\r\nConnection: "
    "close\r\n\r\n";

int begin_probe(int epoll, std::uint32_t server, std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(0x7f010001U + server);
    const bool connected =
        ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (connected) ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (connected ? 0U : std::uint32_t{EPOLLOUT});
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

/// Whether the probe is over, and well.
enum class Outcome { going_on, good, bad };

Outcome go_on(const epoll_event& event) {
    char buffer[65536];
    const int fd = event.data.fd;
    if ((event.events & EPOLLIN) != 0) {
        const auto count = ::recv(fd, buffer, sizeof buffer, 0);
        ::close(fd);
        return count > 12 && std::memcmp(buffer + 9, "200", 3) == 0 ? Outcome::good : Outcome::bad;
    }
    if ((event.events & (EPOLLERR | EPOLLHUP)) == 0) {
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
        return Outcome::going_on;
    }
    ::close(fd);
    return Outcome::bad;
}

double cpu_micros() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto micros = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return micros(usage.ru_utime) + micros(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const auto servers = static_cast<std::uint32_t>(std::atoi(argv[2]));
    const std::chrono::seconds length(std::atoi(argv[3]));
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    const auto gap = std::chrono::nanoseconds(std::chrono::seconds(1)) / servers;
    const auto start = Clock::now();
    auto next = start;
    std::uint64_t begun = 0;
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
    epoll_event events[256];
    for (auto now = start; now < start + length; now = Clock::now()) {
        for (int burst = 0; next <= now && burst < 64; next += gap, ++burst) {
            if (begin_probe(epoll, static_cast<std::uint32_t>(begun++ % servers), port) < 0) ++bad;
        }
        const auto sleep = std::max<std::chrono::nanoseconds>(next - Clock::now(), {});
        const timespec timeout{.tv_sec = 0, .tv_nsec = sleep.count()};
        const int ready = ::epoll_pwait2(epoll, events, 256, &timeout, nullptr);
        for (int i = 0; i < ready; ++i) {
            const auto outcome = go_on(events[i]);
            good += outcome == Outcome::good ? 1 : 0;
            bad += outcome == Outcome::bad ? 1 : 0;
        }
    }
    std::printf("{\"probes\": %llu, \"failures\": %llu, \"cpu_us_per_probe\": %.2f}\n",
                static_cast<unsigned long long>(good), static_cast<unsigned long long>(bad),
                cpu_micros() / static_cast<double>(good + bad));
}
