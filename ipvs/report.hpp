#pragma once
// What the kernel thread is asked for and what it answers: the values that control and kernel
// thread exchange.

#include "ipvs/backend.hpp"
#include "ipvs/reconciler.hpp"
#include "ipvs/statistics.hpp"
#include "ipvs/table.hpp"
#include "src/base/time.hpp"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace vipd::ipvs {

/// What policy wants, as a difference to what it wanted before: only what changed is named.
struct WantedChange {
    /// The service as it shall be; nothing: it shall not exist (and is ours to remove).
    std::map<ServiceKey, std::optional<Service>> services{};
    /// true: the address shall be on the interface.
    std::map<VipAddress, bool> addresses{};
    /// Absent: as wanted before; never wanted: as they are.
    std::optional<Timeouts> timeouts{};
};

/// What the kernel thread knows after a round. Sent after every round in which anything was learnt.
struct KernelReport {
    /// Changes acknowledged or refused in this round, in order.
    std::vector<Applied> applied;
    /// The table as we know it (`applied` included; the services of others as they were at the
    /// start): after a start, and whenever reading showed anything that `applied` does not tell;
    /// else absent.
    std::shared_ptr<const Table> table;
    /// Services that were asked for or written in this round, as they are after it; nothing: not
    /// there. Empty while `table` tells of them.
    std::map<ServiceKey, std::optional<Service>> services{};
    /// VIP addresses that were asked for, or whose presence was learnt, in this round.
    std::map<VipAddress, bool> addresses{};
    std::map<VipAddress, KernelError> address_errors;
    /// All wanted changes refused and not yet made.
    std::vector<Refusal> refusals;
    /// Changes that a resync found necessary although nothing new was wanted: somebody else wrote
    /// to our services.
    std::vector<Change> drift;
    /// Wanted changes that are not made: drift when it is only reported, everything when only
    /// observing.
    std::vector<Change> unmade;
    /// Counters of our services: after each sweep, so once in every resync_interval.
    std::shared_ptr<const Statistics> statistics;
    /// None of them was read before this.
    TimePoint counted_since;
    /// Reading or setting the timeouts failed; tried again with the next sweep.
    std::optional<KernelError> timeouts_error;
    /// Reading from the kernel failed; it is tried again with back-off, and nothing that needs it
    /// is written.
    std::optional<KernelError> read_error;
    /// Actual equals wanted for everything that is ours.
    bool in_sync = false;
    TimePoint at;
};

}  // namespace vipd::ipvs
