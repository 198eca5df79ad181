#pragma once
// A probe over TCP: connects, then lets a dialogue talk; without one, the accepted connection is
// the success.

#include "monitors/dialogue.hpp"
#include "monitors/probe.hpp"
#include "monitors/socket.hpp"

#include <memory>
#include <string>

namespace vipd::monitors {

class StreamProbe final : public Probe {
public:
    /// `dialogue` may be null. The plan must outlive this object.
    StreamProbe(const ProbePlan& plan, std::unique_ptr<Dialogue> dialogue);

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;
    Phases phases() const override { return phases_; }

private:
    Step connected(TimePoint now);
    Step write();
    Step read(const ProbeContext& context, TimePoint now);
    Step conclude(Finding finding);
    Phases::Elapsed elapsed(TimePoint now) const;

    const ProbePlan& plan_;
    std::unique_ptr<Dialogue> dialogue_;
    Fd socket_;
    TimePoint started_;
    Phases phases_;
    std::string output_;
    std::size_t written_ = 0;
    std::size_t received_ = 0;
};

}  // namespace vipd::monitors
