#pragma once
// Durations as a distribution: one writer, any readers, no lock.

#include "src/base/histogram.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace vipd::monitors {

/// Counts by duration, four buckets an octave from 1 us to 268 s: a quantile is at most 19 % too
/// high.
class DurationCounts {
public:
    static constexpr std::size_t buckets = 4 * 27;
    struct Values {
        std::array<std::uint64_t, buckets> counts{};
        std::chrono::nanoseconds sum{0};

        void add(const Values& other);
    };

    /// One thread only. Less than nothing counts as nothing.
    void add(std::chrono::nanoseconds duration);
    /// From any thread; each number as it was at some moment.
    Values values() const;

    /// The upper end of the bucket in which the quantile (0..1) lies; zero when nothing was
    /// counted.
    static std::chrono::microseconds quantile(const Values& values, double fraction);

    /// In seconds, with a bound at each octave from 64 us to 16.8 s: ends of buckets, so that
    /// nothing is guessed.
    static Histogram histogram(const Values& values);

private:
    std::array<std::atomic<std::uint64_t>, buckets> counts_{};
    std::atomic<std::chrono::nanoseconds::rep> sum_{0};
};

}  // namespace vipd::monitors
