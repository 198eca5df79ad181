#include "ipvs/sweep.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::ipvs;
using namespace std::chrono_literals;

namespace {

const ServiceKey a = tcp("203.0.113.10:1");
const ServiceKey b = tcp("203.0.113.10:2");
const ServiceKey c = tcp("203.0.113.10:3");
const TimePoint start{1h};

}  // namespace

TEST_CASE("a sweep spreads its services evenly over nine tenths of the interval") {
    Sweep sweep;
    sweep.begin({a, b, c}, 10s, start);
    CHECK(sweep.next_deadline() == start + 3s);
    CHECK_FALSE(sweep.take(start + 2999ms));
    CHECK(sweep.take(start + 3s) == a);
    CHECK_FALSE(sweep.take(start + 3s));
    CHECK(sweep.next_deadline() == start + 6s);
    CHECK(sweep.take(start + 6s) == b);
    CHECK_FALSE(sweep.over(start + 8s));
    CHECK(sweep.take(start + 9s) == c);
    CHECK(sweep.over(start + 9s));
}

TEST_CASE("a late sweep catches up") {
    Sweep sweep;
    sweep.begin({a, b, c}, 10s, start);
    CHECK(sweep.take(start + 1min) == a);
    CHECK(sweep.take(start + 1min) == b);
    CHECK(sweep.take(start + 1min) == c);
    CHECK(sweep.over(start + 1min));
}

TEST_CASE("a hurried sweep is due at once, its end is not") {
    Sweep sweep;
    sweep.begin({a, b, c}, 10s, start);
    CHECK(sweep.take(start + 3s) == a);
    sweep.hurry();
    CHECK(sweep.next_deadline() <= start + 3s);
    CHECK(sweep.take(start + 3s) == b);
    CHECK(sweep.take(start + 3s) == c);
    CHECK(sweep.next_deadline() == start + 9s);
    sweep.begin({a, b, c}, 10s, start + 9s);
    CHECK(sweep.next_deadline() == start + 12s);
}

TEST_CASE("services added join at the end; a sweep of nothing begins anew with them") {
    Sweep sweep;
    sweep.begin({}, 10s, start);
    CHECK(sweep.next_deadline() == start + 9s);
    sweep.add({a}, 10s, start + 5s);
    CHECK(sweep.next_deadline() == start + 14s);
    sweep.add({b}, 10s, start + 6s);
    CHECK(sweep.services() == std::vector<ServiceKey>{a, b});
    CHECK(sweep.take(start + 14s) == a);
    CHECK(sweep.take(start + 14s) == b);
}
