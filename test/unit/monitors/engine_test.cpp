#include "monitors/engine.hpp"

#include "test/unit/monitors/engine_support.hpp"
#include "test/unit/monitors/test_server.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

std::string http_verdict(std::function<void(int)> serve, Family family = Family::ipv4) {
    const TestServer server(std::move(serve), family);
    return one_verdict(quick_plan(server.endpoint(), HttpCheck{.host = "h"}));
}

Engine::History history_of(Engine& engine, ProbeId id) {
    std::promise<Engine::History> answer;
    engine.history(id,
                   [&answer](Engine::History history) { answer.set_value(std::move(history)); });
    return answer.get_future().get();
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a server that accepts is up for tcp", "[edge]") {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        const LoopbackSocket listening(true, family);
        CHECK(one_verdict(quick_plan(listening.endpoint(), TcpCheck{})) == "up ok: connected");
    }
}

TEST_CASE("this host reaches itself, over and over, and keeps nothing open", "[edge]") {
    for (const auto* address : {"127.0.0.1", "::1"}) {
        Verdicts verdicts;
        Engine engine({}, verdicts.sink());
        const auto before = open_descriptors();
        engine.update({quick_plan({*Address::parse(address), 0}, LoopbackCheck{})}, {});
        CHECK(text(verdicts.at(0)) == "up ok: this host reaches itself");
        CHECK(eventually([&] { return engine.stats().probes >= 3; }));
        CHECK(engine.stats().failures == 0);
        engine.update({}, {1});
        CHECK(eventually([&] { return open_descriptors() == before; }));
    }
}

TEST_CASE("a host without its loopback address is the finding, not a fault that excuses it",
          "[edge]") {
    const Endpoint not_ours{*Address::parse("192.0.2.1"), 0};
    CHECK(one_verdict(quick_plan(not_ours, LoopbackCheck{}))
              .starts_with("down out-of-ports: no local address or port"));
}

TEST_CASE("a port that nobody listens on is down at once", "[edge]") {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        const LoopbackSocket bound(false, family);
        CHECK(one_verdict(quick_plan(bound.endpoint(), TcpCheck{})) ==
              "down connect-refused: nothing listens there");
    }
}

TEST_CASE("a connection that is never answered is down at the deadline", "[edge]") {
    const LoopbackSocket full(true, Family::ipv4, 0);
    const TestServer unused([](int) {});
    std::vector<int> fillers;  // Linux drops the SYNs that a full accept queue has no room for
    for (int i = 0; i < 3; ++i) {
        fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(full.endpoint().port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    CHECK(one_verdict(quick_plan(full.endpoint(), TcpCheck{})) ==
          "down timeout: no connection within 20ms");
    for (const int fd : fillers)
        ::close(fd);
}

TEST_CASE("an accepted status is up for http", "[edge]") {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        const auto verdict = http_verdict(
            [](int fd) {
                const bool asked = read_request(fd).starts_with("GET / HTTP/1.1\r\nHost: h\r\n");
                send_all(fd, asked ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" : "what?");
                wait_for_close(fd);
            },
            family);
        CHECK(verdict == "up ok: status 200");
    }
}

TEST_CASE("an http server that says no is down with its words", "[edge]") {
    CHECK(http_verdict([](int fd) {
              read_request(fd);
              send_all(fd, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
          }) == "down http-status: got 503, accepted 200");
}

TEST_CASE("a server that closes without an answer is down", "[edge]") {
    CHECK(http_verdict([](int fd) { read_request(fd); }) ==
          "down connection-closed: closed before a status line");
    CHECK(http_verdict([](int fd) {
              read_request(fd);
              send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
          }) == "down connection-closed: closed after 3 bytes of the body of 10");
}

TEST_CASE("a server that resets the connection is down", "[edge]") {
    CHECK(http_verdict([](int fd) {
              read_request(fd);
              const linger at_once{.l_onoff = 1, .l_linger = 0};
              ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
          }) == "down connection-reset: the server reset the connection");
}

TEST_CASE("a server that says nothing is down at the deadline", "[edge]") {
    const auto verdict = http_verdict([](int fd) { wait_for_close(fd); });
    CHECK(verdict.starts_with("down timeout: no answer within 20ms (connected after "));
}

TEST_CASE("a server that drips bytes is bounded by the deadline", "[edge]") {
    const auto verdict = http_verdict([](int fd) {
        read_request(fd);
        while (send_all(fd, "H")) {
            pollfd waiting{.fd = fd, .events = POLLRDHUP, .revents = 0};
            if (::poll(&waiting, 1, 3) != 0) return;
        }
    });
    CHECK(verdict.starts_with("down timeout: no complete answer within 20ms (connected after "));
}

TEST_CASE("endless headers and an endless body are bounded in memory", "[edge]") {
    const auto endless = [](const std::string& opening, const std::string& rest) {
        return http_verdict([opening, rest](int fd) {
            read_request(fd);
            send_all(fd, opening);
            while (send_all(fd, rest)) {
            }
        });
    };
    const std::string field = "A: " + std::string(1000, 'a') + "\r\n";
    CHECK(endless("HTTP/1.1 200 OK\r\n", field) ==
          "down http-too-large: more than 16384 bytes of header fields");
    // Ten times the deadline of the others: a megabyte may take a while to arrive under a
    // sanitizer.
    const TestServer server([](int fd) {
        read_request(fd);
        send_all(fd, "HTTP/1.1 200 OK\r\n\r\n");
        while (send_all(fd, std::string(65536, 'x'))) {
        }
    });
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.interval = plan.timeout = 200ms;
    CHECK(one_verdict(plan) == "down http-too-large: more than 1048576 bytes of body");
}

TEST_CASE("garbage is down with a quote of it", "[edge]") {
    CHECK(http_verdict([](int fd) { send_all(fd, "SSH-2.0-x\r\n"); }) ==
          "down http-invalid: got status line \"SSH-2.0-x\"");
}

TEST_CASE("a change is reported when rise or fall is reached", "[edge]") {
    std::atomic<bool> healthy = true;
    const TestServer server([&healthy](int fd) {
        read_request(fd);
        send_all(fd, healthy ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                             : "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.interval = 5ms;
    plan.timeout = 1s;
    plan.thresholds = {.rise = 2, .fall = 2};
    engine.update({plan}, {});
    CHECK(verdicts.at(0).health == Health::up);
    healthy = false;
    CHECK(verdicts.at(1).health == Health::down);
    healthy = true;
    CHECK(verdicts.at(2).health == Health::up);
}

TEST_CASE("equal probes run once and are judged for each asker", "[edge]") {
    std::atomic<int> requests = 0;
    const TestServer server([&requests](int fd) {
        read_request(fd);
        ++requests;
        send_all(fd, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    });
    Verdicts verdicts;
    Engine engine({.workers = 2}, verdicts.sink());
    auto first = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    auto second = first;
    second.id = 2;
    second.thresholds.fall = 3;
    engine.update({first, second}, {});
    CHECK(verdicts.at(0).id == 1);
    CHECK(requests == 1);
    CHECK(verdicts.at(1).id == 2);
    CHECK(requests == 3);
}

TEST_CASE("a plan that changes keeps its verdict", "[edge]") {
    const LoopbackSocket listening(true);
    const LoopbackSocket bound(false);
    Verdicts verdicts;
    Engine engine({.workers = 2}, verdicts.sink());
    auto plan = quick_plan(listening.endpoint(), TcpCheck{});
    engine.update({plan}, {});
    CHECK(verdicts.at(0).health == Health::up);

    plan.interval = plan.timeout = 30ms;  // still up: no news
    engine.update({plan}, {});
    plan.target = bound.endpoint();
    engine.update({plan}, {});
    CHECK(verdicts.at(1).health == Health::down);
    CHECK(verdicts.count() == 2);
}

TEST_CASE("a restored verdict is reported when first confirmed, and when contradicted", "[edge]") {
    const LoopbackSocket bound(false);
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(bound.endpoint(), TcpCheck{});
    plan.initial = Health::down;
    auto other = plan;
    other.id = 2;
    other.initial = Health::up;
    other.thresholds.fall = 2;
    engine.update({plan, other}, {});
    std::map<ProbeId, Health> reported;
    for (std::size_t i = 0; i < 2; ++i)
        reported[verdicts.at(i).id] = verdicts.at(i).health;
    CHECK(reported == std::map<ProbeId, Health>{{1, Health::down}, {2, Health::down}});
    CHECK(verdicts.count() == 2);
}

TEST_CASE("a removed probe stops and an engine leaves nothing open", "[edge]") {
    const auto before = open_descriptors();
    {
        std::atomic<int> connections = 0;
        const TestServer server([&connections](int) { ++connections; });
        Verdicts verdicts;
        Engine engine({.workers = 2}, verdicts.sink());
        auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
        plan.interval = plan.timeout = 5ms;
        auto other = plan;
        other.id = 2;
        other.check = TcpCheck{};
        engine.update({plan, other}, {});
        verdicts.at(1);
        engine.update({}, {1, 2, 3});
        let_pass(10ms);  // the removal is on its way
        const int at_removal = connections;
        let_pass(20ms);
        CHECK(connections == at_removal);
        CHECK(engine.last_progress() <= Clock::now());
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a connection is reused where that is asked for, and renewed every tenth request",
          "[edge]") {
    std::atomic<int> connections = 0;
    const TestServer server([&connections](int fd) {
        ++connections;
        while (!read_request(fd).empty())
            send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const auto before = open_descriptors();
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h", .reuse = true});
    plan.interval = 20ms;
    plan.timeout = 1s;
    engine.update({plan}, {});
    REQUIRE(eventually([&] { return engine.stats().probes >= 25; }));
    const auto history = history_of(engine, 1);
    CHECK(connections == 3);
    CHECK(engine.stats().failures == 0);
    CHECK(std::ranges::count_if(history, [](const ProbeResult& result) {
              return !result.phases.reused && result.phases.connected;
          }) == 3);
    engine.update({}, {1});
    CHECK(eventually([&] { return open_descriptors() <= before + 2; }));  // its epoll and eventfd
}

TEST_CASE("a server that closes a kept connection is asked again on a new one", "[edge]") {
    std::atomic<bool> upon_request = false;
    const TestServer server([&upon_request](int fd) {
        read_request(fd);
        send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        if (upon_request) read_request(fd);  // else at once
    });
    for (const bool late : {false, true}) {
        upon_request = late;
        Verdicts verdicts;
        Engine engine({}, verdicts.sink());
        auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h", .reuse = true});
        plan.interval = 50ms;
        plan.timeout = 1s;
        engine.update({plan}, {});
        REQUIRE(eventually([&] { return engine.stats().probes >= 4; }));
        CHECK(engine.stats().failures == 0);
        for (const auto& result : history_of(engine, 1)) {
            CHECK_FALSE(result.phases.reused);
            CHECK(result.phases.connected);
        }
        CHECK(verdicts.count() == 1);
    }
}

TEST_CASE("a kept connection that is silent is a failure, and the next probe connects anew",
          "[edge]") {
    std::atomic<int> connections = 0;
    const TestServer server([&connections](int fd) {
        const bool first = ++connections == 1;
        read_request(fd);
        send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        read_request(fd);
        if (first) wait_for_close(fd);
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h", .reuse = true});
    plan.interval = plan.timeout = 200ms;
    engine.update({plan}, {});
    CHECK(verdicts.at(0).health == Health::up);
    CHECK(text(verdicts.at(1)) ==
          "down timeout: no answer within 200ms (on a connection kept open)");
    CHECK(verdicts.at(2).health == Health::up);
}

TEST_CASE("a server that falls silent is down within interval x fall + timeout + 5 %", "[edge]") {
    std::atomic<bool> silent = false;
    const TestServer server([&silent](int fd) {
        read_request(fd);
        if (silent) return wait_for_close(fd);
        send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.interval = 100ms;
    plan.timeout = 60ms;
    plan.thresholds.fall = 3;
    engine.update({plan}, {});
    CHECK(verdicts.at(0).health == Health::up);
    const auto died = Clock::now();
    silent = true;
    const auto verdict = verdicts.at(1);
    CHECK(verdict.health == Health::down);
    const auto stats = engine.stats();
    const auto ours = stats.lateness_max * 3 + 70ms * stats.repeated;  // on a machine that is busy
    CHECK(verdict.because_of.finished - died <= (100ms * 3 + 60ms) * 21 / 20 + ours);
}

TEST_CASE("reloads leave nothing behind, whatever was being probed", "[edge]") {
    const TestServer answering([](int fd) {
        while (!read_request(fd).empty())
            send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const LoopbackSocket silent(true);
    const std::vector<std::pair<Endpoint, Check>> probed{
        {answering.endpoint(), HttpCheck{.host = "h", .reuse = true}},
        {silent.endpoint(), HttpCheck{.host = "h"}},
        {silent.endpoint(), TcpCheck{.exchanges = redis_preset()}},
        {silent.endpoint(), IdleTcpCheck{}},
        {silent.endpoint(), TlsCheck{.tls = {.verify = false}}},
        {silent.endpoint(), DnsCheck{.name = "h", .tcp = true}},
        {silent.endpoint(), DnsCheck{.name = "h"}},
        {silent.endpoint(), UdpCheck{.send = "x"}},
        {silent.endpoint(), IcmpCheck{}},
        {silent.endpoint(), ScriptCheck{.arguments = {"/bin/sleep", "100"}}},
        {silent.endpoint(), FileCheck{.path = "/dev/null"}},
        {silent.endpoint(), LoopbackCheck{}}};
    Verdicts verdicts;
    Engine engine({.workers = 2}, verdicts.sink());
    const auto before = open_descriptors();
    ProbeId id = 0;
    for (int reload = 0; reload < 5; ++reload) {
        std::vector<ProbePlan> plans;
        std::vector<ProbeId> ids;
        for (const auto& [target, check] : probed) {
            plans.push_back(quick_plan(target, check));
            plans.back().id = ++id;
            plans.back().interval = plans.back().timeout = 1s;
            ids.push_back(id);
        }
        engine.update(plans, {});
        const auto wanted = static_cast<std::size_t>(reload + 1);
        CHECK(eventually([&] { return engine.stats().running + verdicts.count() >= wanted; }));
        CHECK(eventually([&] { return verdicts.count() >= 3 * wanted; }));
        engine.update({}, ids);
    }
    CHECK(eventually([&] { return engine.stats().watches == 0 && engine.stats().running == 0; }));
    CHECK(eventually([&] { return open_descriptors() <= before; }));
    CHECK(eventually([] { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }));
}

TEST_CASE("the last results are remembered with the time of each phase", "[edge]") {
    const TestServer server([](int fd) {
        read_request(fd);
        send_all(fd, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.interval = 5ms;
    plan.timeout = 1s;
    plan.thresholds.fall = 35;
    engine.update({plan}, {});
    verdicts.at(0);

    const auto history = history_of(engine, 1);
    REQUIRE(history.size() == 30);
    for (std::size_t i = 0; i < history.size(); ++i) {
        CHECK(history[i].reason.text == "got 500, accepted 200");
        CHECK(history[i].phases.connected);
        CHECK_FALSE(history[i].phases.handshaken);
        CHECK(history[i].phases.first_byte >= history[i].phases.connected);
        CHECK(history[i].took >= *history[i].phases.first_byte);
        if (i > 0) CHECK(history[i].finished > history[i - 1].finished);
    }
    bool asked = false;
    engine.history(99, [&asked](const Engine::History& none) { asked = none.empty(); });
    CHECK(asked);
}

TEST_CASE("a probe by a path bears its mark and leaves from its port", "[edge]") {
    std::promise<std::uint16_t> port;
    const TestServer server([&port](int fd) {
        read_request(fd);  // the probe waits for the answer, so it is still connected
        sockaddr_in peer{};
        socklen_t length = sizeof peer;
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length);
        port.set_value(ntohs(peer.sin_port));
        send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const auto free_port = LoopbackSocket(false).endpoint().port;
    const Fd marked(::socket(AF_INET, SOCK_STREAM, 0));
    const int mark = 7;
    const bool permitted = ::setsockopt(marked.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
    Verdicts verdicts;
    std::promise<std::string> evidence;
    Engine engine({}, verdicts.sink(),
                  [&](const Evidence& given) { evidence.set_value(given.reason.code); });
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.interval = plan.timeout = std::chrono::seconds(10);  // once
    plan.path = VipPath{.mark = 7, .source_port = free_port, .server = server.endpoint().address};
    engine.update({plan}, {});
    if (!permitted) {
        CHECK(evidence.get_future().get() == "not-permitted");
        return;
    }
    CHECK(verdicts.at(0).health == Health::up);
    CHECK(port.get_future().get() == plan.path->source_port);
}

TEST_CASE("a failure in a time when we were away ourselves is repeated and not counted", "[edge]") {
    const LoopbackSocket silent(true);  // accepts, and never says anything
    const LoopbackSocket bound(false);
    Verdicts verdicts;
    Verdicts* const all = &verdicts;
    std::mutex mutex;
    std::vector<std::string> evidence;
    Engine engine(
        {},
        [sink = all->sink()](const Verdict& verdict) {
            if (verdict.id == 2) let_pass(60ms);  // the whole worker stands still
            sink(verdict);
        },
        [&](const Evidence& found) {
            const std::lock_guard lock(mutex);
            evidence.push_back(found.reason.code);
        });
    auto slow = quick_plan(silent.endpoint(), HttpCheck{.host = "h"});
    slow.interval = slow.timeout = 40ms;
    auto stalling = quick_plan(bound.endpoint(), TcpCheck{});
    stalling.id = 2;
    engine.update({slow}, {});
    pollfd connected{.fd = silent.fd(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&connected, 1, 1000) == 1);
    engine.update({stalling}, {});
    const auto first = verdicts.at(0);
    CHECK(first.id == 2);
    const auto second = verdicts.at(1);
    CHECK(second.id == 1);
    CHECK(second.health == Health::down);
    CHECK(engine.stats().repeated >= 1);
    // From the end of the pause a whole new run was made.
    CHECK(second.because_of.finished - first.because_of.finished >= 95ms);
}

TEST_CASE("probes beyond the bound wait in line, and say so", "[edge]") {
    const LoopbackSocket silent(true);
    Verdicts verdicts;
    std::promise<Evidence> first_evidence;
    std::atomic<bool> given = false;
    Engine engine({.workers = 1, .most_running = 2}, verdicts.sink(), [&](const Evidence& found) {
        if (found.reason.code == "probes-waiting" && !given.exchange(true))
            first_evidence.set_value(found);
    });
    std::vector<ProbePlan> plans;
    for (ProbeId id = 1; id <= 10; ++id) {
        plans.push_back(quick_plan(silent.endpoint(), HttpCheck{.host = std::to_string(id)}));
        plans.back().id = id;
        plans.back().interval = plans.back().timeout = 10ms;
    }
    engine.update(plans, {});
    CHECK(
        first_evidence.get_future().get().reason.text.ends_with("but 2 at one time is the limit"));
    verdicts.at(9);  // each had its turn
    const auto stats = engine.stats();
    CHECK(stats.running <= 2);
    CHECK(stats.watches == 10);
    CHECK(stats.waiting > 0);
    CHECK(stats.failures >= 10);
    CHECK(stats.lateness_max >= 10ms);
    REQUIRE(stats.types.size() == 1);
    CHECK(stats.types[0].type == "http");
    CHECK(stats.types[0].failures == stats.failures);
    CHECK(stats.types[0].durations.sum >= 0.01 * 10);  // each to its deadline
    engine.update({}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}

TEST_CASE("running out of descriptors is our fault and not the server's", "[edge]") {
    const LoopbackSocket listening(true);
    Verdicts verdicts;
    std::promise<Evidence> first_evidence;
    std::atomic<bool> given = false;
    Engine engine({}, verdicts.sink(), [&](const Evidence& found) {
        if (!given.exchange(true)) first_evidence.set_value(found);
    });
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    auto plan = quick_plan(listening.endpoint(), TcpCheck{});
    plan.initial = Health::up;
    engine.update({plan}, {});
    const auto evidence = first_evidence.get_future().get();
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(evidence.reason.code == "out-of-descriptors");
    CHECK(engine.stats().own_faults >= 1);
    CHECK(engine.stats().failures == 0);
    CHECK(verdicts.count() == 0);
}

TEST_CASE("a probe speaks from the source address it was given", "[edge]") {
    std::promise<std::string> peer;
    std::atomic<bool> given = false;
    const TestServer server([&](int fd) {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.sin_addr);
        if (!given.exchange(true)) peer.set_value(Address::from_bytes({bytes, 4})->to_string());
        read_request(fd);
    });
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(server.endpoint(), HttpCheck{.host = "h"});
    plan.source = Address::parse("127.0.0.77");
    engine.update({plan}, {});
    CHECK(peer.get_future().get() == "127.0.0.77");
}

TEST_CASE("a source address that we do not have is our fault", "[edge]") {
    const LoopbackSocket listening(true);
    Verdicts verdicts;
    std::promise<Evidence> first_evidence;
    std::atomic<bool> given = false;
    Engine engine({}, verdicts.sink(), [&](const Evidence& found) {
        if (!given.exchange(true)) first_evidence.set_value(found);
    });
    auto plan = quick_plan(listening.endpoint(), TcpCheck{});
    plan.source = Address::parse("192.0.2.77");
    engine.update({plan}, {});
    CHECK(first_evidence.get_future().get().reason.code == "out-of-ports");
    CHECK(verdicts.count() == 0);
}

TEST_CASE("the watchdog sees an idle engine move", "[edge]") {
    Verdicts verdicts;
    Engine engine({.workers = 3}, verdicts.sink());
    engine.update({}, {});
    CHECK(Clock::now() - engine.last_progress() < 1500ms);
}
