#pragma once
// The probe engine: runs every probe on time on its worker threads, judges results by rise and
// fall, reports verdicts.

#include "monitors/check.hpp"
#include "monitors/health.hpp"
#include "src/base/address.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace vipd::monitors {

/// Chosen by the caller, unique for the life of the engine; names one (monitor, server, family).
using ProbeId = std::uint64_t;

/// One check of one server, repeated for ever.
struct ProbePlan {
    ProbeId id = 0;
    Endpoint target{};
    Check check{};
    Duration interval{5000};
    Duration timeout{2000};  // over the whole probe; at most interval
    Thresholds thresholds{};
    /// The verdict to start from: unknown, or restored from an earlier run.
    Health initial = Health::unknown;

    bool operator==(const ProbePlan&) const = default;
};

/// What one probe found.
struct ProbeResult {
    bool success = false;
    /// "http-status: 503, accepted 200", "connect-refused: …", "timeout: no answer in 2 s
    /// (connected after 1 ms)"
    Reason reason{};
    std::chrono::microseconds took{0};
    TimePoint finished{};

    bool operator==(const ProbeResult&) const = default;
};

/// A change of mind about one probe's target: the first verdict, or a transition.
struct Verdict {
    ProbeId id = 0;
    Health health = Health::unknown;
    ProbeResult because_of{};
};

struct EngineOptions {
    unsigned workers = 1;
};

class Engine {
public:
    /// Called on a worker thread; must not block (post it on).
    using Sink = std::function<void(Verdict)>;

    Engine(EngineOptions options, Sink sink);
    /// Stops and joins all workers; no verdict is reported after it returns.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// From any one thread. Plans with a new id start (spread over their interval), plans with a
    /// known id and other content replace the old one keeping its verdict, ids in `remove` stop.
    void update(std::vector<ProbePlan> plans, std::vector<ProbeId> remove);

    /// From any thread: when the slowest worker last came round its loop, for the watchdog.
    TimePoint last_progress() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd::monitors
