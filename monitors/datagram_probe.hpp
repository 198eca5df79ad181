#pragma once
// A probe by datagrams, over UDP or ICMP: sends one, waits for the answer. Hears what ICMP reports
// of unreachable ports and hosts.

#include "monitors/datagram_dialogue.hpp"
#include "monitors/probe.hpp"
#include "monitors/socket.hpp"

#include <memory>

namespace vipd::monitors {

class DatagramProbe final : public Probe {
public:
    enum class Protocol : std::uint8_t { udp, icmp };

    /// The plan must outlive this object.
    DatagramProbe(const ProbePlan& plan, Protocol protocol,
                  std::unique_ptr<DatagramDialogue> dialogue);

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;
    Phases phases() const override { return phases_; }

private:
    Step failed(int error) const;

    const ProbePlan& plan_;
    Protocol protocol_;
    std::unique_ptr<DatagramDialogue> dialogue_;
    Fd socket_;
    TimePoint started_;
    Phases phases_;
    std::size_t ignored_ = 0;
};

}  // namespace vipd::monitors
