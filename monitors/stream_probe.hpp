#pragma once
// A probe over TCP, with TLS if asked: connects, shakes hands, then lets a dialogue talk. Without a
// dialogue, having come so far is the success.

#include "monitors/dialogue.hpp"
#include "monitors/probe.hpp"

#include <memory>
#include <string>

namespace vipd::monitors {

class StreamProbe final : public Probe {
public:
    /// `tls` and `dialogue` may be null. The plan and `tls` must outlive this object.
    StreamProbe(const ProbePlan& plan, const TlsContext* tls, std::unique_ptr<Dialogue> dialogue);

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;
    void reuse(std::unique_ptr<StreamConnection> connection) override;
    std::unique_ptr<StreamConnection> take_connection() override;
    Phases phases() const override { return phases_; }

private:
    enum class State : std::uint8_t { connecting, shaking_hands, talking };

    Step connect(const ProbeContext& context, TimePoint now);
    Step connected(TimePoint now);
    Step shake_hands(TimePoint now);
    Step talk();
    Step write();
    Step read(const ProbeContext& context, TimePoint now);
    Transfer send_some(std::string_view bytes);
    Transfer receive_some(std::span<char> buffer);
    Phases::Elapsed elapsed(TimePoint now) const;

    const ProbePlan& plan_;
    const TlsContext* tls_context_;
    std::unique_ptr<Dialogue> dialogue_;
    std::unique_ptr<StreamConnection> connection_;
    State state_ = State::connecting;
    bool stopped_reading_ = false;  // to let others have their turn, not because there was nothing
    TimePoint started_;
    Phases phases_;
    std::string output_;
    std::size_t written_ = 0;
    std::size_t received_ = 0;
};

}  // namespace vipd::monitors
