#pragma once
// The probes of ourselves (docs/policy.md §1.1): what is to run, and what came of it. Their
// verdicts count for no server.

#include "monitors/engine.hpp"
#include "src/config/config.hpp"
#include "src/policy/suspicion.hpp"

#include <set>
#include <vector>

namespace vipd {

class ControlProbes {
public:
    struct Change {
        std::vector<monitors::ProbePlan> start;
        std::vector<monitors::ProbeId> stop;
    };
    /// What is to run from now on, with a loopback of each of `families`, as a difference; what
    /// stays keeps what is known of it. Ids are taken from `next_id` on.
    Change follow(const ControlConfig& config, const std::set<Family>& families,
                  monitors::ProbeId& next_id);

    const std::vector<monitors::ProbePlan>& plans() const { return plans_; }
    /// By the same indexes as the plans.
    const std::vector<ControlProbe>& probes() const { return probes_; }

    /// Null if the probe is none of these.
    const ControlProbe* find(monitors::ProbeId id) const;
    /// Of a probe that find() knows.
    void note(const monitors::Verdict& verdict);

private:
    std::vector<monitors::ProbePlan> plans_;
    std::vector<ControlProbe> probes_;
};

}  // namespace vipd
