#include "monitors/duration_counts.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace vipd::monitors;

TEST_CASE("a quantile is never too low and at most a fifth too high") {
    for (const auto lateness :
         {0us, 1us, 3us, 4us, 7us, 8us, 100us, 999us, 10000us, 1234567us, 60000000us}) {
        CAPTURE(lateness.count());
        DurationCounts counts;
        counts.add(lateness);
        const auto quantile = DurationCounts::quantile(counts.values(), 0.5);
        CHECK(quantile >= lateness);
        CHECK(static_cast<double>(quantile.count()) <= 1.2 * static_cast<double>(lateness.count()));
    }
}

TEST_CASE("what is earlier than due or beyond the scale is still counted") {
    DurationCounts counts;
    counts.add(-5ms);
    CHECK(DurationCounts::quantile(counts.values(), 1.0) == 0us);
    counts.add(24h);
    CHECK(DurationCounts::quantile(counts.values(), 1.0) > 60s);
}

TEST_CASE("quantiles follow the counts") {
    DurationCounts counts;
    for (int i = 0; i < 99; ++i)
        counts.add(1us);
    counts.add(10ms);
    CHECK(DurationCounts::quantile(counts.values(), 0.5) == 1us);
    CHECK(DurationCounts::quantile(counts.values(), 0.99) == 1us);
    CHECK(DurationCounts::quantile(counts.values(), 1.0) >= 10ms);
    CHECK(DurationCounts::quantile(DurationCounts().values(), 0.99) == 0us);
}

TEST_CASE("the histogram counts exactly below each of its bounds") {
    DurationCounts counts;
    for (const auto duration : {0us, 63us, 64us, 127us, 1023us, 1024us, 1025us, 20'000'000us})
        counts.add(duration);
    const auto histogram = DurationCounts::histogram(counts.values());
    CHECK(histogram.bounds.front() == 0.000064);
    CHECK(histogram.bounds[4] == 0.001024);
    CHECK(histogram.counts[0] == 2);
    CHECK(histogram.counts[1] == 2);
    CHECK(histogram.counts[4] == 1);
    CHECK(histogram.counts[5] == 2);
    CHECK(histogram.counts.back() == 1);
    CHECK(histogram.sum == Approx(20.003326));
}

TEST_CASE("what several have counted adds up") {
    DurationCounts one;
    DurationCounts other;
    one.add(1ms);
    other.add(3ms);
    auto both = one.values();
    both.add(other.values());
    CHECK(DurationCounts::histogram(both).sum == Approx(0.004));
    CHECK(DurationCounts::quantile(both, 1.0) >= 3ms);
}
