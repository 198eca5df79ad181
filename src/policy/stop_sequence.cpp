#include "src/policy/stop_sequence.hpp"

namespace vipd {
namespace {

/// How long a peer may take to have withdrawals written to it, and the sessions or the kernel to
/// finish.
constexpr Duration patience{3000};

StopPhase following(StopPhase phase) {
    return phase == StopPhase::done ? phase : static_cast<StopPhase>(static_cast<int>(phase) + 1);
}

}  // namespace

std::string_view to_string(StopPhase phase) {
    switch (phase) {
        case StopPhase::running:
            return "running";
        case StopPhase::draining:
            return "draining";
        case StopPhase::withdrawing:
            return "withdrawing";
        case StopPhase::settling:
            return "settling";
        case StopPhase::ceasing:
            return "ceasing";
        case StopPhase::dataplane:
            return "dataplane";
        case StopPhase::done:
            return "done";
    }
    return "invalid";
}

void StopSequence::request(TimePoint now) {
    if (phase_ != StopPhase::running) {
        hurried_ = true;
        return;
    }
    enter(StopPhase::draining, now);
}

bool StopSequence::advance(const StopProgress& progress, TimePoint now) {
    if (phase_ == StopPhase::running || phase_ == StopPhase::done) return false;
    had_routes_ = had_routes_ || progress.peers_told > 0;
    if (!finished(progress, now)) return false;
    enter(following(phase_), now);
    return true;
}

bool StopSequence::finished(const StopProgress& progress, TimePoint now) const {
    if (now >= deadline_) return true;
    switch (phase_) {
        case StopPhase::draining:
            return hurried_ || progress.peers_told == 0;
        case StopPhase::withdrawing:
            return progress.peers_told == 0;
        case StopPhase::settling:
            return hurried_ || !had_routes_;
        case StopPhase::ceasing:
            return progress.sessions_closed;
        case StopPhase::dataplane:
            return progress.dataplane_settled;
        case StopPhase::running:
        case StopPhase::done:
            return false;
    }
    return false;
}

void StopSequence::enter(StopPhase phase, TimePoint now) {
    phase_ = phase;
    switch (phase) {
        case StopPhase::draining:
            deadline_ = now + config_.gshut_wait;
            break;
        case StopPhase::settling:
            deadline_ = now + config_.withdraw_wait;
            break;
        case StopPhase::withdrawing:
        case StopPhase::ceasing:
        case StopPhase::dataplane:
            deadline_ = now + patience;
            break;
        case StopPhase::running:
        case StopPhase::done:
            deadline_.reset();
            break;
    }
}

}  // namespace vipd
