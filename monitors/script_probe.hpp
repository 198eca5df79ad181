#pragma once
// The script monitor: a program run for each probe, judged by its exit code, killed with all its
// children at the deadline.

#include "monitors/check.hpp"
#include "monitors/probe.hpp"
#include "monitors/spawn.hpp"

#include <string>

namespace vipd::monitors {

class ScriptProbe final : public Probe {
public:
    /// Both must outlive this object.
    ScriptProbe(const ProbePlan& plan, const ScriptCheck& check) : plan_(plan), check_(check) {}
    ~ScriptProbe() override;

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;

private:
    void read_output(const ProbeContext& context);
    std::string said() const;

    const ProbePlan& plan_;
    const ScriptCheck& check_;
    Spawned script_;
    Reaper* reaper_ = nullptr;  // the worker's, which outlives every probe
    std::string output_;  // its beginning
};

/// The arguments with {address} and {port} replaced by the target's.
std::vector<std::string> script_arguments(const ScriptCheck& check, const Endpoint& target);

/// What an exit code means.
Finding judge_exit(const ScriptCheck& check, int code);

}  // namespace vipd::monitors
