#pragma once
// Who wants to know what a watch finds, and what each makes of it. Pure.

#include "monitors/engine.hpp"
#include "monitors/health.hpp"

#include <optional>
#include <vector>

namespace vipd::monitors {

/// Plans that ask for the same probe share its runs, each with its own rise and fall.
class Subscribers {
public:
    void add(ProbeId id, const Thresholds& thresholds, Health initial);
    /// False if there is no such one.
    bool remove(ProbeId id);
    /// New thresholds; a row of results that had begun starts anew.
    void change(ProbeId id, const Thresholds& thresholds);

    bool empty() const { return all_.empty(); }
    /// unknown where there is no such subscriber.
    Health health(ProbeId id) const;

    /// Judges one result; the verdicts that it led to. A change of the weight that a success
    /// carries is one, too, and so is the first result that confirms a restored verdict.
    std::vector<Verdict> record(const ProbeResult& result);

    /// How long until the next run: the shortest that any subscriber wants in its present state.
    Duration interval(const ProbePlan& plan) const;

private:
    struct Subscriber {
        ProbeId id = 0;
        Thresholds thresholds;
        HealthState state;
        std::optional<std::uint32_t> weight;
        /// Its verdict comes from an earlier run, and no result has confirmed it yet.
        bool restored = false;
    };

    std::vector<Subscriber> all_;
};

}  // namespace vipd::monitors
