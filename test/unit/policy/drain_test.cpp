#include "src/policy/drain.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace std::chrono_literals;

namespace {

const TimePoint begun{1h};
const DrainRules tcp{5min, true};
const DrainRules udp{5min, false};

/// Leaving since `begun`, at weight 0 since a second later.
LeavingServer quiet(std::optional<Connections> connections) {
    return {
        .since = begun, .in_kernel = true, .quiet_since = begun + 1s, .connections = connections};
}

}  // namespace

TEST_CASE("a leaving server is drained when it has no connections") {
    CHECK(drained(quiet(Connections{0, 0, begun + 1s}), tcp, begun + 6s));
}

TEST_CASE("a connection that is open, opening or closing is waited for") {
    CHECK_FALSE(drained(quiet(Connections{1, 0, begun + 2s}), tcp, begun + 6s));
    CHECK_FALSE(drained(quiet(Connections{0, 1, begun + 2s}), tcp, begun + 6s));
}

TEST_CASE("a count from before the kernel acknowledged weight 0 says nothing") {
    CHECK_FALSE(drained(quiet(Connections{0, 0, begun + 999ms}), tcp, begun + 6s));
    auto server = quiet(Connections{0, 0, begun + 2s});
    server.quiet_since.reset();
    CHECK_FALSE(drained(server, tcp, begun + 6s));
}

TEST_CASE("a server that was never counted is waited for") {
    CHECK_FALSE(drained(quiet(std::nullopt), tcp, begun + 6s));
}

TEST_CASE("drain_timeout ends a drain whatever is left") {
    const auto busy = quiet(Connections{7, 7, begun + 2s});
    CHECK(drain_deadline(busy, tcp) == begun + 5min);
    CHECK_FALSE(drained(busy, tcp, begun + 5min - 1ms));
    CHECK(drained(busy, tcp, begun + 5min));
}

TEST_CASE("a server that is not in the kernel has left") {
    auto server = quiet(Connections{7, 7, begun + 2s});
    server.in_kernel = false;
    CHECK(drained(server, tcp, begun));
}

TEST_CASE("UDP has no connections to wait for") {
    const auto busy = quiet(Connections{7, 7, begun + 2s});
    CHECK(drain_deadline(busy, udp) == begun);
    CHECK(drained(busy, udp, begun));
}
