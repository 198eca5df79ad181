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
    /// `dialogue` may be null.
    StreamProbe(const Endpoint& target, std::unique_ptr<Dialogue> dialogue);

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Finding expired(std::chrono::nanoseconds timeout) const override;

private:
    Step connected(TimePoint now);
    Step write();
    Step read(const ProbeContext& context);
    Step conclude(Finding finding);
    Step fail(int error) const;

    Endpoint target_;
    std::unique_ptr<Dialogue> dialogue_;
    Fd socket_;
    TimePoint started_;
    std::optional<TimePoint> connected_;
    std::string output_;
    std::size_t written_ = 0;
    std::size_t received_ = 0;
};

}  // namespace vipd::monitors
