#pragma once
// What /healthz and /readyz ask, one claim each. Pure.

#include "src/base/time.hpp"
#include "src/status/snapshot.hpp"

#include <string>
#include <vector>

namespace vipd {

struct Check {
    std::string name;
    bool ok = false;
    std::string text;  // what was found

    bool operator==(const Check&) const = default;
};

bool all_ok(const std::vector<Check>& checks);

/// Whether this balancer can be counted on: running, verdicts in, kernel in sync, a peer
/// Established. `snapshot` may be absent: nothing has been published yet.
std::vector<Check> readiness(const Snapshot* snapshot);

/// When a thread last came round its loop.
struct ThreadProgress {
    std::string name;
    TimePoint last;
};

/// A thread that has not come round for this long is stuck: every loop turns at least once a
/// second.
constexpr Duration stuck_after{10000};

/// Whether every thread makes progress.
std::vector<Check> liveness(const std::vector<ThreadProgress>& threads, TimePoint now);

}  // namespace vipd
