#pragma once
// Numbers that requests and replies must agree on.

#include <linux/ip_vs.h>

#include <cstdint>

namespace vipd::ipvs::wire {

constexpr std::uint32_t scheduler_flags =
    IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3;

/// Forwarding methods without a name of ours: the kernel's number, moved out of the way of our
/// enumerators.
constexpr std::uint32_t unnamed_forwarding = 16;

}  // namespace vipd::ipvs::wire
