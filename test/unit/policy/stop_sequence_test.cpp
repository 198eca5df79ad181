#include "src/policy/stop_sequence.hpp"

#include "test/unit/policy/start.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;

namespace {
const StopConfig stop_waits{.gshut_wait = Duration(5s), .withdraw_wait = Duration(1s)};
}  // namespace

TEST_CASE("a stop drains, withdraws, settles, says goodbye and leaves the dataplane for last") {
    StopSequence stop(stop_waits);
    CHECK_FALSE(stop.deadline());
    CHECK_FALSE(stop.advance({.peers_told = 2}, start));

    stop.request(start);
    CHECK(stop.phase() == StopPhase::draining);
    CHECK(stop.deadline() == start + 5s);
    CHECK_FALSE(stop.advance({.peers_told = 2}, start + 4999ms));

    CHECK(stop.advance({.peers_told = 2}, start + 5s));
    CHECK(stop.phase() == StopPhase::withdrawing);
    CHECK_FALSE(stop.advance({.peers_told = 1}, start + 5s));
    CHECK(stop.advance({.peers_told = 0}, start + 5010ms));

    CHECK(stop.phase() == StopPhase::settling);
    CHECK_FALSE(stop.advance({.peers_told = 0}, start + 6009ms));
    CHECK(stop.advance({.peers_told = 0}, start + 6010ms));

    CHECK(stop.phase() == StopPhase::ceasing);
    CHECK_FALSE(stop.advance({.sessions_closed = false}, start + 7s));
    CHECK(stop.advance({.sessions_closed = true}, start + 7s));

    CHECK(stop.phase() == StopPhase::dataplane);
    CHECK_FALSE(stop.advance({.sessions_closed = true}, start + 8s));
    CHECK(stop.advance({.sessions_closed = true, .dataplane_settled = true}, start + 8s));

    CHECK(stop.phase() == StopPhase::done);
    CHECK_FALSE(stop.deadline());
    CHECK_FALSE(stop.advance({}, start + 9s));
}

TEST_CASE("a stop without routes at any router takes no time") {
    StopSequence stop(stop_waits);
    stop.request(start);
    int phases = 0;
    while (phases < 10 && stop.advance({.sessions_closed = true, .dataplane_settled = true}, start))
        ++phases;
    CHECK(stop.phase() == StopPhase::done);
}

TEST_CASE("a second request skips the waits but still withdraws before the dataplane") {
    StopSequence stop(stop_waits);
    stop.request(start);
    CHECK_FALSE(stop.advance({.peers_told = 1}, start + 1s));
    stop.request(start + 1s);
    CHECK(stop.advance({.peers_told = 1}, start + 1s));
    CHECK(stop.phase() == StopPhase::withdrawing);
    CHECK_FALSE(stop.advance({.peers_told = 1}, start + 1s));
    CHECK(stop.advance({.peers_told = 0}, start + 1s));
    CHECK(stop.advance({.peers_told = 0}, start + 1s));
    CHECK(stop.phase() == StopPhase::ceasing);
}

TEST_CASE("a stop ends even if nobody ever answers") {
    StopSequence stop(stop_waits);
    stop.request(start);
    auto now = start;
    for (int phases = 0; phases < 10 && stop.deadline(); ++phases) {
        now = *stop.deadline();
        CHECK(stop.advance({.peers_told = 1}, now));
    }
    CHECK(stop.phase() == StopPhase::done);
    CHECK(now == start + 5s + 3s + 1s + 3s + 3s);
}
