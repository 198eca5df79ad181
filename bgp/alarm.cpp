#include "bgp/alarm.hpp"

#include <utility>

namespace vipd::bgp {

Alarm::Alarm(boost::asio::io_context& io, std::function<void()> ring)
    : state_(new State{boost::asio::steady_timer(io), std::move(ring), std::nullopt, true}) {}

Alarm::~Alarm() {
    state_->alive = false;
    state_->timer.cancel();
}

void Alarm::set(std::optional<TimePoint> at) {
    if (state_->at == at) return;
    state_->at = at;
    if (!at) {
        state_->timer.cancel();
        return;
    }
    state_->timer.expires_at(*at);
    state_->timer.async_wait([state = state_, at](const boost::system::error_code&) {
        // Cancelled, or set to another time after the timer had fired already.
        if (!state->alive || state->at != at) return;
        state->at.reset();
        state->ring();
    });
}

}  // namespace vipd::bgp
