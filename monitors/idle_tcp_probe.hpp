#pragma once
// The idle-tcp monitor: a connection that is kept open and says nothing. FIN or RST leads to an
// immediate reconnect; a connect that fails is one failure; TCP keepalive finds the server that
// died without a word.

#include "monitors/probe.hpp"
#include "monitors/socket.hpp"

namespace vipd::monitors {

class IdleTcpProbe final : public Probe {
public:
    /// The plan must outlive this object.
    explicit IdleTcpProbe(const ProbePlan& plan) : plan_(plan) {}

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;
    Phases phases() const override { return phases_; }

private:
    enum class State : std::uint8_t {
        connecting,
        settling,  // accepted; a server that hangs up within this time is not one that works
        idle,
    };

    Step connected(TimePoint now);
    Step lost(TimePoint now) const;
    void keep_alive() const;

    const ProbePlan& plan_;
    Fd socket_;
    State state_ = State::connecting;
    TimePoint started_;
    TimePoint connected_at_;
    Phases phases_;
};

}  // namespace vipd::monitors
