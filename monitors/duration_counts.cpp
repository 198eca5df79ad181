#include "monitors/duration_counts.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

namespace vipd::monitors {

namespace {

/// Octave from the position of the highest bit, quarter from the two bits after it.
std::size_t bucket_of(std::uint64_t micros) {
    if (micros < 4) return micros;
    const auto octave = static_cast<unsigned>(std::bit_width(micros)) - 1;
    const auto quarter = (micros >> (octave - 2U)) & 3U;
    return std::min<std::size_t>((std::size_t{octave} - 1) * 4 + quarter,
                                 DurationCounts::buckets - 1);
}

std::chrono::microseconds upper_end(std::size_t bucket) {
    if (bucket < 4) return std::chrono::microseconds(bucket);
    const auto octave = bucket / 4 + 1;
    const auto quarter = bucket % 4;
    return std::chrono::microseconds(((5 + quarter) << (octave - 2)) - 1);
}

/// One writer: no read-modify-write needed.
template <class Number>
void increase(std::atomic<Number>& number, Number by) {
    number.store(number.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

constexpr unsigned first_octave = 6;  // 64 us
constexpr unsigned last_octave = 24;

}  // namespace

void DurationCounts::Values::add(const Values& other) {
    std::ranges::transform(counts, other.counts, counts.begin(), std::plus<>());
    sum += other.sum;
}

void DurationCounts::add(std::chrono::nanoseconds duration) {
    const auto counted = std::max(duration, std::chrono::nanoseconds(0));
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(counted).count();
    increase(counts_[bucket_of(static_cast<std::uint64_t>(micros))], std::uint64_t{1});
    increase(sum_, counted.count());
}

DurationCounts::Values DurationCounts::values() const {
    Values values;
    std::ranges::transform(counts_, values.counts.begin(),
                           [](const auto& count) { return count.load(std::memory_order_relaxed); });
    values.sum = std::chrono::nanoseconds(sum_.load(std::memory_order_relaxed));
    return values;
}

std::chrono::microseconds DurationCounts::quantile(const Values& values, double fraction) {
    std::uint64_t total = 0;
    for (const auto count : values.counts)
        total += count;
    if (total == 0) return {};
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(total))));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += values.counts[bucket];
        if (seen >= wanted) return upper_end(bucket);
    }
    return upper_end(buckets - 1);
}

Histogram DurationCounts::histogram(const Values& values) {
    std::vector<double> bounds;
    for (auto octave = first_octave; octave <= last_octave; ++octave)
        bounds.push_back(static_cast<double>(std::uint64_t{1} << octave) / 1e6);
    Histogram histogram(std::move(bounds));
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        const auto end = static_cast<double>(upper_end(bucket).count()) / 1e6;
        histogram.add(end, values.counts[bucket]);
    }
    histogram.sum = std::chrono::duration<double>(values.sum).count();
    return histogram;
}

}  // namespace vipd::monitors
