#include "ipvs/sweep.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vipd::ipvs {

void Sweep::begin(std::vector<ServiceKey> services, Duration interval, TimePoint now) {
    services_ = std::move(services);
    next_ = 0;
    hurried_ = false;
    start_ = now;
    // A tenth is left for the reading itself: what drifts right after it was read is still found
    // within the interval.
    end_ = now + interval * 9 / 10;
}

void Sweep::add(std::vector<ServiceKey> services, Duration interval, TimePoint now) {
    if (services_.empty()) return begin(std::move(services), interval, now);
    std::ranges::move(services, std::back_inserter(services_));
}

std::optional<ServiceKey> Sweep::take(TimePoint now) {
    if (next_ == services_.size() || now < due(next_)) return std::nullopt;
    return services_[next_++];
}

TimePoint Sweep::next_deadline() const {
    return next_ == services_.size() ? end_ : due(next_);
}

TimePoint Sweep::due(std::size_t index) const {
    if (hurried_) return start_;
    const auto share = static_cast<Clock::rep>(index + 1);
    return start_ + (end_ - start_) * share / static_cast<Clock::rep>(services_.size());
}

}  // namespace vipd::ipvs
