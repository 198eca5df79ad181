#include "src/status/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

Check check_running(const Snapshot& snapshot) {
    return {"running", !snapshot.stopping,
            snapshot.stopping ? "a planned stop is under way" : "not stopping"};
}

Check check_verdicts(const Snapshot& snapshot) {
    return {"verdicts", snapshot.verdicts_in,
            snapshot.verdicts_in
                ? "all enabled servers were judged, or the start deadline has passed"
                : "not all enabled servers have been judged yet"};
}

Check check_kernel(const KernelView* kernel) {
    if (kernel == nullptr || !kernel->read_once) {
        return {"kernel", false, "the table has not been read yet"};
    }
    if (kernel->backend != "kernel") {
        return {"kernel", false,
                "the backend is " + kernel->backend + ": nothing is written to a kernel"};
    }
    if (kernel->error) return {"kernel", false, *kernel->error};
    if (!kernel->in_sync) {
        return {"kernel", false,
                fmt::format("not in sync, {} changes refused{}", kernel->refusals.size(),
                            kernel->unmade_count == 0
                                ? ""
                                : fmt::format(", {} left undone", kernel->unmade_count))};
    }
    return {"kernel", true, "in sync"};
}

Check check_peers(const Snapshot& snapshot) {
    if (snapshot.peers.empty()) return {"peers", true, "no peers are configured"};
    const auto established = std::ranges::count_if(snapshot.peers, [](const auto& peer) {
        return peer->state == bgp::SessionState::established;
    });
    return {"peers", established > 0,
            fmt::format("{} of {} established", established, snapshot.peers.size())};
}

}  // namespace

bool all_ok(const std::vector<Check>& checks) {
    return std::ranges::all_of(checks, &Check::ok);
}

std::vector<Check> readiness(const Snapshot* snapshot) {
    if (snapshot == nullptr) return {{"running", false, "starting: nothing is known yet"}};
    return {check_running(*snapshot), check_verdicts(*snapshot),
            check_kernel(snapshot->kernel.get()), check_peers(*snapshot)};
}

std::vector<Check> liveness(const std::vector<ThreadProgress>& threads, TimePoint now) {
    std::vector<Check> checks;
    for (const auto& thread : threads) {
        const auto silent =
            std::chrono::duration_cast<std::chrono::milliseconds>(now - thread.last);
        const bool ok = silent < stuck_after;
        checks.push_back(
            {thread.name, ok,
             ok ? "makes progress" : fmt::format("no progress for {} s", silent.count() / 1000)});
    }
    return checks;
}

}  // namespace vipd
