#pragma once
// Which of our services is read again next, and when. IPVS tells nobody of changes (its netlink
// family has no multicast group), so drift is found by reading; each service once in every
// interval, evenly spread, so that a sweep never stands in the way of a verdict. Pure.

#include "ipvs/table.hpp"
#include "src/base/time.hpp"

#include <optional>
#include <vector>

namespace vipd::ipvs {

class Sweep {
public:
    /// Begins a sweep over these services. It is through a little before `interval` has passed.
    void begin(std::vector<ServiceKey> services, Duration interval, TimePoint now);

    /// Services that are ours from now on: read last in the sweep that runs; a sweep of nothing
    /// begins anew.
    void add(std::vector<ServiceKey> services, Duration interval, TimePoint now);

    /// The services of this sweep, in order.
    const std::vector<ServiceKey>& services() const { return services_; }

    /// The next service if its time has come.
    std::optional<ServiceKey> take(TimePoint now);

    /// The rest of this sweep is due at once: somebody has been at our table.
    void hurry() { hurried_ = true; }

    /// All services were taken and the interval is over: begin again.
    bool over(TimePoint now) const { return next_ == services_.size() && now >= end_; }

    TimePoint next_deadline() const;

private:
    TimePoint due(std::size_t index) const;

    std::vector<ServiceKey> services_;
    std::size_t next_ = 0;
    bool hurried_ = false;
    TimePoint start_;
    TimePoint end_;
};

}  // namespace vipd::ipvs
