#pragma once
// How late things happened, as a histogram: one writer, any readers. And the time that a loop lost.

#include "src/base/time.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace vipd::monitors {

/// Counts by lateness, four buckets an octave from 1 us to 67 s: a quantile is at most 19 % too
/// high.
class LatenessCounts {
public:
    static constexpr std::size_t buckets = 4 * 27;
    using Values = std::array<std::uint64_t, buckets>;

    /// One thread only.
    void add(std::chrono::nanoseconds lateness);
    /// From any thread; each bucket as it was at some moment.
    Values values() const;

    /// The upper end of the bucket in which the quantile (0..1) lies; zero when nothing was
    /// counted.
    static std::chrono::microseconds quantile(const Values& values, double fraction);

private:
    std::array<std::atomic<std::uint64_t>, buckets> counts_{};
};

/// The time in which a loop did not come round: asleep longer than asked, or busy with one turn.
/// What a probe waited for in that time says nothing about its server.
class LostTime {
public:
    /// The loop asked at `from` to sleep for `asked`, and was back at `back`: a turn of work
    /// begins.
    void slept(TimePoint from, std::chrono::nanoseconds asked, TimePoint back);
    /// The turn of work ends.
    void worked(TimePoint until);

    /// The sum since the beginning, the present turn included. The difference of two readings is
    /// what was lost between.
    std::chrono::nanoseconds total(TimePoint now) const;

private:
    std::chrono::nanoseconds total_{0};
    TimePoint turn_began_;
};

}  // namespace vipd::monitors
