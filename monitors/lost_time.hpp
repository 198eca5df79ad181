#pragma once
// The time that a loop lost.

#include "src/base/time.hpp"

#include <chrono>

namespace vipd::monitors {

/// The time in which a loop did not come round: asleep longer than asked, or busy with one turn.
/// What a probe waited for in that time says nothing about its server.
class LostTime {
public:
    /// The loop asked at `from` to sleep for `asked`, and was back at `back`: a turn of work
    /// begins.
    void slept(TimePoint from, std::chrono::nanoseconds asked, TimePoint back);
    /// The turn of work ends.
    void worked(TimePoint until);

    /// The sum since the beginning, the present turn included. The difference of two readings is
    /// what was lost between.
    std::chrono::nanoseconds total(TimePoint now) const;

private:
    std::chrono::nanoseconds total_{0};
    TimePoint turn_began_;
};

}  // namespace vipd::monitors
