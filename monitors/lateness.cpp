#include "monitors/lateness.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vipd::monitors {

namespace {

/// Octave from the position of the highest bit, quarter from the two bits after it.
std::size_t bucket_of(std::uint64_t micros) {
    if (micros < 4) return micros;
    const auto octave = static_cast<unsigned>(std::bit_width(micros)) - 1;
    const auto quarter = (micros >> (octave - 2U)) & 3U;
    return std::min<std::size_t>((std::size_t{octave} - 1) * 4 + quarter,
                                 LatenessCounts::buckets - 1);
}

std::chrono::microseconds upper_end(std::size_t bucket) {
    if (bucket < 4) return std::chrono::microseconds(bucket);
    const auto octave = bucket / 4 + 1;
    const auto quarter = bucket % 4;
    return std::chrono::microseconds(((5 + quarter) << (octave - 2)) - 1);
}

/// Less is the ordinary course of a busy machine, and no deadline is short enough to notice.
std::chrono::nanoseconds noticeable(std::chrono::nanoseconds excess) {
    constexpr std::chrono::milliseconds least{5};
    return excess > least ? excess : std::chrono::nanoseconds(0);
}

}  // namespace

void LatenessCounts::add(std::chrono::nanoseconds lateness) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(lateness).count();
    auto& count = counts_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)))];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

LatenessCounts::Values LatenessCounts::values() const {
    Values values{};
    std::ranges::transform(counts_, values.begin(),
                           [](const auto& count) { return count.load(std::memory_order_relaxed); });
    return values;
}

std::chrono::microseconds LatenessCounts::quantile(const Values& values, double fraction) {
    std::uint64_t total = 0;
    for (const auto count : values)
        total += count;
    if (total == 0) return {};
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total))));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += values[bucket];
        if (seen >= wanted) return upper_end(bucket);
    }
    return upper_end(buckets - 1);
}

void LostTime::slept(TimePoint from, std::chrono::nanoseconds asked, TimePoint back) {
    total_ += noticeable(back - from - asked);
    turn_began_ = back;
}

void LostTime::worked(TimePoint until) {
    total_ = total(until);
}

std::chrono::nanoseconds LostTime::total(TimePoint now) const {
    return total_ + noticeable(now - turn_began_);
}

}  // namespace vipd::monitors
