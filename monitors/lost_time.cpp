#include "monitors/lost_time.hpp"

namespace vipd::monitors {

namespace {

/// Less is the ordinary course of a busy machine, and no deadline is short enough to notice.
std::chrono::nanoseconds noticeable(std::chrono::nanoseconds excess) {
    constexpr std::chrono::milliseconds least{5};
    return excess > least ? excess : std::chrono::nanoseconds(0);
}

}  // namespace

void LostTime::slept(TimePoint from, std::chrono::nanoseconds asked, TimePoint back) {
    total_ += noticeable(back - from - asked);
    turn_began_ = back;
}

void LostTime::worked(TimePoint until) {
    total_ = total(until);
}

std::chrono::nanoseconds LostTime::total(TimePoint now) const {
    return total_ + noticeable(now - turn_began_);
}

}  // namespace vipd::monitors
