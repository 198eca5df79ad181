#pragma once
// This host connects to itself: a listener of our own, for this one run, takes the connection.
// Finds what would make every server look dead: no ports, no descriptors, a firewall that drops
// what is ours, a loopback interface that is down.

#include "monitors/probe.hpp"
#include "monitors/socket.hpp"

namespace vipd::monitors {

class LoopbackProbe final : public Probe {
public:
    /// The plan must outlive this object. Of its target only the address counts.
    explicit LoopbackProbe(const ProbePlan& plan) : plan_(plan) {}

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;

private:
    const ProbePlan& plan_;
    Fd listener_;
    Fd client_;
};

}  // namespace vipd::monitors
