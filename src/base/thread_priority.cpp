#include "src/base/thread_priority.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace vipd {

namespace {

/// As in linux/sched/types.h, which does not go together with glibc's sched.h.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;  // nanoseconds; of an ordinary thread: the turn that it wishes for
    std::uint64_t deadline;
    std::uint64_t period;
};
constexpr std::uint64_t reset_on_fork = 1;

}  // namespace

/// An ordinary thread that wakes up and wishes for a shorter turn than the running one has preempts
/// it (EEVDF, kernel/sched/fair.c: PREEMPT_SHORT).
void take_short_turns() {
    constexpr std::uint64_t shortest = 100000;
    SchedulingAttributes attributes{};
    constexpr unsigned size = sizeof attributes;
    if (::syscall(SYS_sched_getattr, 0, &attributes, size, 0) != 0) return;
    attributes.size = size;
    attributes.flags |= reset_on_fork;
    attributes.runtime = shortest;
    ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/// On Linux each thread has its own niceness, and 0 is the calling one (setpriority(2), Notes).
void work_in_background() {
    constexpr int niceness = 10;
    ::setpriority(PRIO_PROCESS, 0, niceness);
}

}  // namespace vipd
