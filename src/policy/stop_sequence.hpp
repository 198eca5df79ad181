#pragma once
// The order of a planned stop: GRACEFUL_SHUTDOWN, wait, withdraw, wait, Cease, dataplane. Pure;
// each step has a deadline, so that a peer or kernel that never answers cannot keep the process.

#include "src/base/time.hpp"
#include "src/config/config.hpp"

#include <optional>
#include <string_view>

namespace vipd {

enum class StopPhase { running, draining, withdrawing, settling, ceasing, dataplane, done };

std::string_view to_string(StopPhase phase);

/// What has been acknowledged so far.
struct StopProgress {
    /// Peers that some address is still advertised to.
    std::size_t peers_told = 0;
    /// Every session has been closed.
    bool sessions_closed = false;
    /// The kernel holds nothing of ours any more, or was to keep it.
    bool dataplane_settled = false;
};

class StopSequence {
public:
    explicit StopSequence(StopConfig config) : config_(config) {}

    StopPhase phase() const { return phase_; }
    /// When the current phase ends at the latest; nothing while running and when done.
    std::optional<TimePoint> deadline() const { return deadline_; }

    /// A planned stop was asked for. Asked again: the waits are skipped.
    void request(TimePoint now);

    /// Goes on by one phase if progress or time allow it; true if it did. The caller then does what
    /// the new phase asks for and calls again, with progress that is about the new phase.
    bool advance(const StopProgress& progress, TimePoint now);

private:
    bool finished(const StopProgress& progress, TimePoint now) const;
    void enter(StopPhase phase, TimePoint now);

    StopConfig config_;
    StopPhase phase_ = StopPhase::running;
    std::optional<TimePoint> deadline_;
    bool hurried_ = false;
    /// Some peer has had routes of ours since the stop began: only then is there anything to let
    /// settle.
    bool had_routes_ = false;
};

}  // namespace vipd
