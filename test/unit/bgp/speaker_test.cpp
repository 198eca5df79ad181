// Real sockets on 127.0.0.0/8: what the pure tests cannot see.
#include "bgp/speaker.hpp"

#include "src/base/overloaded.hpp"
#include "test/unit/bgp/support.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>

using namespace vipd;
using namespace vipd::bgp;
using namespace vipd::bgp::test;
using namespace std::chrono_literals;

namespace {

/// What a speaker has reported, and a way to wait for more.
class Reports {
public:
    Speaker::Sink sink() {
        return [this](SpeakerEvent event) {
            const std::lock_guard lock(mutex_);
            std::visit(overloaded{
                           [&](PeerChanged& changed) {
                               status_[changed.status.name] = std::move(changed.status);
                           },
                           [&](RoutesWritten& written) {
                               auto& known = advertised_[written.peer];
                               known.insert(written.advertised.begin(), written.advertised.end());
                               for (const auto& prefix : written.withdrawn)
                                   known.erase(prefix);
                           },
                           [&](RoutesLost& lost) { advertised_[lost.peer].clear(); },
                       },
                       event);
            changed_.notify_all();
        };
    }

    bool waits_for_state(const std::string& peer, SessionState state) {
        return waits_for([&] { return status_[peer].state == state; });
    }
    bool waits_for_start(const std::string& peer) {
        return waits_for([&] { return status_[peer].state != SessionState::idle; });
    }
    bool waits_for_handshake(const std::string& peer) {
        return waits_for([&] { return status_[peer].state >= SessionState::open_sent; });
    }
    bool waits_for_routes(const std::string& peer, const std::set<Prefix>& prefixes) {
        return waits_for([&] { return advertised_[peer] == prefixes; });
    }
    bool waits_for_received(const std::string& peer, std::uint64_t count) {
        return waits_for([&] { return status_[peer].families[Family::ipv4].received == count; });
    }
    bool waits_for_reason(const std::string& peer, const std::string& code) {
        return waits_for([&] { return status_[peer].reason_code == code; });
    }
    PeerStatus status(const std::string& peer) {
        const std::lock_guard lock(mutex_);
        return status_[peer];
    }

private:
    template <class Condition>
    bool waits_for(Condition condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s,
                                 condition);  // far more than it takes, for slow machines
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, PeerStatus> status_;
    std::map<std::string, std::set<Prefix>> advertised_;
};

/// A port that nobody uses now. The tests have an address of their own, so nobody else takes it
/// meanwhile.
std::uint16_t free_port(const char* local) {
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in bound{};
    bound.sin_family = AF_INET;
    inet_pton(AF_INET, local, &bound.sin_addr);
    REQUIRE(bind(socket_fd, reinterpret_cast<sockaddr*>(&bound), sizeof bound) == 0);
    socklen_t size = sizeof bound;
    getsockname(socket_fd, reinterpret_cast<sockaddr*>(&bound), &size);
    close(socket_fd);
    return ntohs(bound.sin_port);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

constexpr auto left_address = "127.0.85.1";
constexpr auto right_address = "127.0.85.2";

/// From an address that is no peer's.
int connect_as_stranger(std::uint16_t port) {
    const int stranger = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.85.77", &from.sin_addr);
    REQUIRE(bind(stranger, reinterpret_cast<sockaddr*>(&from), sizeof from) == 0);
    sockaddr_in to = from;
    inet_pton(AF_INET, right_address, &to.sin_addr);
    to.sin_port = htons(port);
    REQUIRE(connect(stranger, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    return stranger;
}

/// Two speakers, left dialling right unless told otherwise.
struct Pair {
    explicit Pair(std::string left_key = {}, std::string right_key = {})
        : left_port(free_port(left_address)), right_port(free_port(right_address)) {
        to_right.name = "right";
        to_right.address = address(right_address);
        to_right.port = right_port;
        to_right.remote_as = 65002;
        to_right.local_address = address(left_address);
        to_right.next_hop = {{Family::ipv4, address("192.0.2.1")},
                             {Family::ipv6, address("2001:db8::1")}};
        to_right.password = std::move(left_key);
        to_left = to_right;
        to_left.name = "left";
        to_left.address = address(left_address);
        to_left.port = left_port;
        to_left.remote_as = 65001;
        to_left.local_address = address(right_address);
        to_left.passive = true;
        to_left.password = std::move(right_key);
    }

    void start() {
        left.emplace(SpeakerSettings{.local_as = 65001,
                                     .router_id = 1,
                                     .listen = {{address(left_address), left_port}},
                                     .restart = {}},
                     left_reports.sink());
        right.emplace(SpeakerSettings{.local_as = 65002,
                                      .router_id = 2,
                                      .listen = {{address(right_address), right_port}},
                                      .restart = {}},
                      right_reports.sink());
        right->start();
        right->configure({to_left});
        // Its MD5 key is set by then: a SYN that comes before is dropped and repeated a second
        // later.
        REQUIRE(right_reports.waits_for_start("left"));
        left->start();
        left->configure({to_right});
    }

    std::uint16_t left_port;
    std::uint16_t right_port;
    PeerSettings to_left;
    PeerSettings to_right;
    Reports left_reports;
    Reports right_reports;
    std::optional<Speaker> left;
    std::optional<Speaker> right;
};

}  // namespace

TEST_CASE("two speakers establish over TCP, announce and withdraw", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.left_reports.waits_for_state("right", SessionState::established));
    pair.left->want(
        {{host("203.0.113.1"), RouteAttributes{}}, {host("2001:db8:f::1"), RouteAttributes{}}});
    CHECK(
        pair.left_reports.waits_for_routes("right", {host("203.0.113.1"), host("2001:db8:f::1")}));
    CHECK(pair.right_reports.waits_for_received("left", 1));
    pair.left->want({{host("203.0.113.1"), std::nullopt}});
    CHECK(pair.left_reports.waits_for_routes("right", {host("2001:db8:f::1")}));
    CHECK(pair.right_reports.waits_for_received("left", 0));
}

TEST_CASE("two speakers that dial each other have one session", "[edge]") {
    Pair pair;
    pair.to_left.passive = false;
    pair.start();
    CHECK(pair.left_reports.waits_for_state("right", SessionState::established));
    CHECK(pair.right_reports.waits_for_state("left", SessionState::established));
}

TEST_CASE("shutting down tells the peer why and then says that it is done", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.right_reports.waits_for_state("left", SessionState::established));
    std::mutex mutex;
    std::condition_variable finished;
    bool done = false;
    const auto begun = Clock::now();
    pair.left->shut_down("moving racks", [&] {
        const std::lock_guard lock(mutex);
        done = true;
        finished.notify_all();
    });
    std::unique_lock lock(mutex);
    REQUIRE(finished.wait_for(lock, 5s, [&] { return done; }));
    CHECK(Clock::now() - begun < 2s);
    CHECK(pair.right_reports.waits_for_reason("left", "notification-received"));
    CHECK(pair.right_reports.status("left").last_notification_in ==
          "6/2 Cease, Administrative Shutdown: \"moving racks\"");
}

TEST_CASE("a speaker without peers shuts down at once", "[edge]") {
    Reports reports;
    Speaker speaker(SpeakerSettings{.local_as = 65001, .router_id = 1, .listen = {}, .restart = {}},
                    reports.sink());
    speaker.start();
    std::mutex mutex;
    std::condition_variable finished;
    int done = 0;
    speaker.shut_down("", [&] {
        const std::lock_guard lock(mutex);
        ++done;
        finished.notify_all();
    });
    std::unique_lock lock(mutex);
    CHECK(finished.wait_for(lock, 5s, [&] { return done == 1; }));
}

TEST_CASE("closing for a restart sends no NOTIFICATION", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.right_reports.waits_for_state("left", SessionState::established));
    pair.left->close_without_notification([] {});
    CHECK(pair.right_reports.waits_for_reason("left", "tcp-closed"));
    CHECK_FALSE(pair.right_reports.status("left").last_notification_in);
}

TEST_CASE("reconfiguring one peer leaves another's session alone", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.left_reports.waits_for_state("right", SessionState::established));
    auto unreachable = pair.to_right;
    unreachable.name = "nobody";
    unreachable.address = address("127.0.85.9");
    pair.left->configure({pair.to_right, unreachable});
    REQUIRE(pair.left_reports.waits_for_reason("nobody", "tcp-refused"));
    auto other_next_hop = pair.to_right;
    other_next_hop.next_hop[Family::ipv4] = address("192.0.2.99");
    pair.left->configure({other_next_hop});
    REQUIRE(pair.left_reports.waits_for_reason("nobody", "removed"));
    CHECK(pair.left_reports.status("right").established_count == 1);
    CHECK(pair.left_reports.status("right").state == SessionState::established);
    SECTION("and what needs a new session gets one") {
        other_next_hop.hold_time = 30s;
        pair.left->configure({other_next_hop});
        CHECK(pair.right_reports.waits_for_reason("left", "notification-received"));
        CHECK(pair.right_reports.status("left").last_notification_in ==
              "6/6 Cease, Other Configuration Change");
    }
}

TEST_CASE("the same MD5 key on both sides establishes", "[edge]") {
    Pair pair("secret", "secret");
    pair.start();
    CHECK(pair.left_reports.waits_for_state("right", SessionState::established));
}

TEST_CASE("a key on the listening side only keeps a dialler without it out", "[edge]") {
    Pair pair("", "secret");
    pair.start();
    REQUIRE(pair.left_reports.waits_for_state("right", SessionState::connect));
    CHECK(pair.left_reports.status("right").established_count == 0);
    CHECK(pair.right_reports.waits_for_state("left", SessionState::active));
}

TEST_CASE("GTSM on both sides establishes; a peer that sends a small TTL does not get through",
          "[edge]") {
    Pair pair;
    pair.to_left.ttl_security_hops = 1;
    SECTION("both") {
        pair.to_right.ttl_security_hops = 1;
        pair.start();
        CHECK(pair.left_reports.waits_for_state("right", SessionState::established));
    }
    SECTION("one") {
        pair.to_right.multihop = 64;
        pair.start();
        // Our OPEN may have come before the accepted socket had its option set; nothing after it
        // gets through.
        REQUIRE(pair.right_reports.waits_for_handshake("left"));
        CHECK(pair.right_reports.status("left").established_count == 0);
    }
}

TEST_CASE("a connection from an address that is no peer is refused", "[edge]") {
    Pair pair;
    pair.start();
    const int stranger = connect_as_stranger(pair.right_port);
    Bytes answer(100);
    const auto count = recv(stranger, answer.data(), answer.size(), MSG_WAITALL);
    REQUIRE(count == 21);
    CHECK(hex(std::span(answer).subspan(18, 3)) == "030605");
    close(stranger);
}

TEST_CASE("refused connections that stay open take few descriptors", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.right_reports.waits_for_handshake("left"));
    const auto before = open_descriptors();
    std::vector<int> strangers(300);
    for (auto& stranger : strangers) {
        stranger = connect_as_stranger(pair.right_port);
    }
    for (const auto stranger : strangers) {  // each has been dealt with: a NOTIFICATION or the end
        pollfd answered{.fd = stranger, .events = POLLIN, .revents = 0};
        REQUIRE(poll(&answered, 1, 10000) == 1);
    }
    CHECK(open_descriptors() - before - strangers.size() <= 80);
    for (const auto stranger : strangers) {
        close(stranger);
    }
}

TEST_CASE("a port in use is found when the speaker is made", "[edge]") {
    Reports reports;
    const SpeakerSettings settings{.local_as = 1,
                                   .router_id = 1,
                                   .listen = {{address(left_address), free_port(left_address)}},
                                   .restart = {}};
    const Speaker first(settings, reports.sink());
    CHECK_THROWS_AS(Speaker(settings, reports.sink()), std::system_error);
}

TEST_CASE("everything wanted reaches a peer through many socket buffers", "[edge]") {
    Pair pair;
    pair.to_left.max_prefixes = 100000;
    pair.start();
    WantedRoutes many;
    for (std::uint32_t i = 0; i < 20000; ++i) {
        const std::array<std::uint8_t, 4> octets{10, static_cast<std::uint8_t>(i >> 16U),
                                                 static_cast<std::uint8_t>(i >> 8U),
                                                 static_cast<std::uint8_t>(i)};
        RouteAttributes attributes;
        attributes.med = i % 100;
        many.emplace(Prefix::host(*Address::from_bytes(octets)), attributes);
    }
    pair.left->want(many);
    CHECK(pair.right_reports.waits_for_received("left", 20000));
}

TEST_CASE("the thread shows that it makes progress", "[edge]") {
    Pair pair;
    pair.start();
    REQUIRE(pair.left_reports.waits_for_state("right", SessionState::established));
    CHECK(Clock::now() - pair.left->last_progress() < 5s);
}
