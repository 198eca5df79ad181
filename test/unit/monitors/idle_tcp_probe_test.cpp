#include "monitors/idle_tcp_probe.hpp"

#include "test/unit/monitors/engine_support.hpp"
#include "test/unit/monitors/test_server.hpp"

#include <catch2/catch.hpp>
#include <netinet/tcp.h>

#include <atomic>
#include <optional>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

ProbePlan idle_plan(const Endpoint& target) {
    auto plan = quick_plan(target, IdleTcpCheck{});
    plan.interval = plan.timeout = 30ms;
    return plan;
}

}  // namespace

TEST_CASE("an idle connection that stands is up, whatever the server sends on it", "[edge]") {
    std::atomic<int> connections = 0;
    const TestServer server([&connections](int fd) {
        ++connections;
        send_all(fd, "220 a greeting that nobody asked for\r\n");
        wait_for_close(fd);
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({idle_plan(server.endpoint())}, {});
    CHECK(text(verdicts.at(0)) == "up ok: connected");
    let_pass(50ms);
    CHECK(connections == 1);
    CHECK(engine.stats().running == 1);
}

TEST_CASE("the death of the server is seen at once", "[edge]") {
    std::atomic<int> accepted = -1;
    std::atomic<bool> die = false;
    std::optional<TestServer> server;
    server.emplace([&](int fd) {
        accepted = fd;
        while (!die)
            let_pass(1ms);
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = idle_plan(server->endpoint());
    plan.interval = 10s;  // it cannot be the interval that finds it
    plan.timeout = 1s;
    engine.update({plan}, {});
    verdicts.at(0);
    die = true;
    server.reset();  // closes the connection and the listening socket
    const auto died = Clock::now();
    CHECK(text(verdicts.at(1)) == "down connect-refused: nothing listens there");
    CHECK(verdicts.at(1).because_of.finished - died < 50ms);
}

TEST_CASE("a server that ends an idle connection is connected to again without a word", "[edge]") {
    std::atomic<int> connections = 0;
    const TestServer server([&connections](int fd) {
        ++connections;
        pollfd waiting{.fd = fd, .events = POLLRDHUP, .revents = 0};
        // An idle timeout longer than the time to settle, also where the probe learns late that it
        // is connected.
        ::poll(&waiting, 1, 400);
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = idle_plan(server.endpoint());
    plan.interval = 10s;
    plan.timeout = 1s;
    engine.update({plan}, {});
    verdicts.at(0);
    CHECK(eventually([&connections] { return connections >= 3; }));
    CHECK(verdicts.count() == 1);
    CHECK(engine.stats().failures == 0);
}

TEST_CASE("a server that hangs up on everybody is down and not hammered", "[edge]") {
    std::atomic<int> connections = 0;
    const TestServer server([&connections](int) { ++connections; });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({idle_plan(server.endpoint())}, {});
    CHECK(text(verdicts.at(0)).starts_with("down connection-closed: closed "));
    CHECK(text(verdicts.at(0)).ends_with(" after it was accepted"));
    connections = 0;
    let_pass(60ms);
    CHECK(connections <= 3);  // one each interval
}

TEST_CASE("a server that comes back is up within the interval", "[edge]") {
    std::optional<LoopbackSocket> server(std::in_place, false);
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({idle_plan(server->endpoint())}, {});
    CHECK(verdicts.at(0).health == Health::down);
    ::listen(server->fd(), 8);
    CHECK(verdicts.at(1).health == Health::up);
    engine.update({}, {1});
}
