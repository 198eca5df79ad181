#pragma once
// A distribution with fixed bounds, as Prometheus has it. A value; used by one thread.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace vipd {

struct Histogram {
    Histogram() : Histogram(std::vector<double>()) {}
    /// `upper` ascending; what is above them all is counted too.
    explicit Histogram(std::vector<double> upper)
        : bounds(std::move(upper)), counts(bounds.size() + 1) {}

    void add(double value, std::uint64_t times = 1) {
        const auto place = std::ranges::lower_bound(bounds, value) - bounds.begin();
        counts[static_cast<std::size_t>(place)] += times;
        sum += value * static_cast<double>(times);
    }

    std::vector<double> bounds;  // inclusive
    std::vector<std::uint64_t> counts;  // one more than bounds: the last is above them all
    double sum = 0;

    bool operator==(const Histogram&) const = default;
};

}  // namespace vipd
