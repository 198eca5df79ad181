#pragma once
// How long it takes from a probe's result that is a verdict to what it changes at the edges: the
// kernel's acknowledgement, and the route written to a peer. Pure.

#include "bgp/speaker.hpp"
#include "ipvs/report.hpp"
#include "src/base/histogram.hpp"
#include "src/status/snapshot.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vipd {

class VerdictLatency {
public:
    VerdictLatency();

    /// What is wanted until end() follows from a verdict whose probe was over at `found`.
    void begin(TimePoint found, TimePoint now) { cause_ = {found, now}; }
    void end() { cause_.reset(); }

    void kernel_wanted(const ipvs::ServiceKey& key);
    /// `told`: the peers whose sessions are up, so that they are told now.
    void route_wanted(const bgp::Prefix& prefix, std::set<std::string> told);

    void note(const ipvs::KernelReport& report, TimePoint now);
    void note(const bgp::RoutesWritten& written);
    void note(const bgp::RoutesLost& lost);

    std::vector<HistogramView> views() const;

private:
    struct Cause {
        TimePoint found;
        TimePoint asked;
    };
    struct AwaitedRoute {
        TimePoint found;
        std::set<std::string> peers;
    };

    void written(const bgp::Prefix& prefix, const std::string& peer, TimePoint at);

    std::optional<Cause> cause_;
    std::map<ipvs::ServiceKey, Cause> awaited_services_;
    std::map<bgp::Prefix, AwaitedRoute> awaited_routes_;
    Histogram to_kernel_;
    Histogram to_wire_;
};

}  // namespace vipd
