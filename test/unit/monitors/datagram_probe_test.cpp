#include "monitors/datagram_probe.hpp"

#include "test/unit/monitors/engine_support.hpp"

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

/// A UDP socket on loopback that answers each datagram with what `answer` makes of it; empty:
/// nothing.
class UdpServer {
public:
    UdpServer(Family family, std::function<std::vector<std::string>(const std::string&)> answer)
        : fd_(::socket(family == Family::ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
          answer_(std::move(answer)) {
        sockaddr_in6 storage{};  // larger than sockaddr_in, port at the same place
        socklen_t length = family == Family::ipv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        auto* address = reinterpret_cast<sockaddr*>(&storage);
        address->sa_family = family == Family::ipv4 ? AF_INET : AF_INET6;
        if (family == Family::ipv4) {
            reinterpret_cast<sockaddr_in*>(&storage)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        } else {
            storage.sin6_addr = in6addr_loopback;
        }
        if (::bind(fd_, address, length) != 0 || ::getsockname(fd_, address, &length) != 0) {
            throw std::runtime_error("no UDP socket");
        }
        endpoint_ = {*Address::parse(family == Family::ipv4 ? "127.0.0.1" : "::1"),
                     ntohs(storage.sin6_port)};
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    ~UdpServer() {
        thread_.request_stop();
        thread_.join();
        ::close(fd_);
    }
    UdpServer(const UdpServer&) = delete;
    UdpServer& operator=(const UdpServer&) = delete;

    const Endpoint& endpoint() const { return endpoint_; }

private:
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, 5) != 1) continue;
            char buffer[2048];
            sockaddr_storage peer{};
            socklen_t length = sizeof peer;
            auto* address = reinterpret_cast<sockaddr*>(&peer);
            const auto count = ::recvfrom(fd_, buffer, sizeof buffer, 0, address, &length);
            if (count < 0) continue;
            for (const auto& datagram :
                 answer_(std::string(buffer, static_cast<std::size_t>(count)))) {
                ::sendto(fd_, datagram.data(), datagram.size(), 0, address, length);
            }
        }
    }

    int fd_;
    Endpoint endpoint_;
    std::function<std::vector<std::string>(const std::string&)> answer_;
    std::jthread thread_;
};

/// A UDP port that was free a moment ago.
Endpoint closed_port(Family family) {
    return UdpServer(family, [](const auto&) { return std::vector<std::string>(); }).endpoint();
}

const UdpCheck ping{.send = "ping", .expect = BytePattern::literal("pong")};

}  // namespace

TEST_CASE("a datagram is answered as expected", "[edge]") {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        const UdpServer server(family, [](const std::string& got) {
            return std::vector<std::string>{got == "ping" ? "pong!" : "what?"};
        });
        CHECK(one_verdict(quick_plan(server.endpoint(), ping)) == "up ok: answered as expected");
        CHECK(one_verdict(
                  quick_plan(server.endpoint(),
                             UdpCheck{.send = "x", .expect = BytePattern::literal("pong")})) ==
              "down unexpected-answer: got \"what?\", accepted \"pong\"");
    }
}

TEST_CASE("an ICMP message that the port is unreachable is heard in both families", "[edge]") {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        CHECK(one_verdict(quick_plan(closed_port(family), ping)) ==
              "down port-unreachable: ICMP says that nothing listens there");
        CHECK(one_verdict(quick_plan(closed_port(family), UdpCheck{.send = ""})) ==
              "down port-unreachable: ICMP says that nothing listens there");
    }
}

TEST_CASE("silence is a failure where an answer is expected, and a success where not", "[edge]") {
    const UdpServer silent(Family::ipv4, [](const auto&) { return std::vector<std::string>(); });
    CHECK(one_verdict(quick_plan(silent.endpoint(), ping)) ==
          "down timeout: no answer within 20ms");
    CHECK(one_verdict(quick_plan(silent.endpoint(), UdpCheck{.send = "x"})) ==
          "up ok: no ICMP message says that the port is unreachable");
}

TEST_CASE("answers to other questions do not count, however many", "[edge]") {
    const UdpServer flood(
        Family::ipv4, [](const auto&) { return std::vector<std::string>(100, "not DNS at all"); });
    const auto verdict = one_verdict(quick_plan(flood.endpoint(), DnsCheck{.name = "example.org"}));
    CHECK(verdict ==
          "down timeout: no answer within 20ms (100 datagrams were not answers to ours)");
}

TEST_CASE("an echo request is answered in both families", "[edge]") {
    for (const auto* address : {"127.0.0.1", "::1"}) {
        if (::geteuid() != 0) return;  // a raw socket needs CAP_NET_RAW
        CHECK(one_verdict(quick_plan({*Address::parse(address), 0}, IcmpCheck{})) ==
              "up ok: echo reply");
    }
}
