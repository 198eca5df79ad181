#pragma once
// The probe engine: runs every probe on time on its worker threads, judges results by rise and
// fall, reports verdicts.

#include "monitors/check.hpp"
#include "monitors/health.hpp"
#include "monitors/vip_path.hpp"
#include "src/base/address.hpp"
#include "src/base/histogram.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
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
    /// While results contradict the verdict; at most interval. Absent: interval.
    std::optional<Duration> fast_interval{};
    /// While down; at least interval. Absent: interval.
    std::optional<Duration> down_interval{};
    /// The local address to speak from; of the target's family. Absent: the kernel's choice.
    std::optional<Address> source{};
    /// `target` is the VIP, and this the way to the server behind it. Absent: `target` is the
    /// server itself.
    std::optional<VipPath> path{};
    Thresholds thresholds{};
    /// The verdict to start from: unknown, or restored from an earlier run.
    Health initial = Health::unknown;

    bool operator==(const ProbePlan&) const = default;
};

/// When a probe reached each phase, counted from its start; absent where it did not get so far or
/// there is no such phase.
struct Phases {
    using Elapsed = std::optional<std::chrono::duration<std::uint32_t, std::micro>>;
    Elapsed connected{};
    Elapsed handshaken{};  // TLS
    Elapsed first_byte{};  // of the answer
    bool reused = false;  // an earlier probe's connection, so that none of the first two took place

    bool operator==(const Phases&) const = default;
};

/// What one probe found.
struct ProbeResult {
    bool success = false;
    /// "http-status: 503, accepted 200", "connect-refused: …", "timeout: no answer in 2 s
    /// (connected after 1 ms)"
    Reason reason{};
    std::chrono::microseconds took{0};
    TimePoint finished{};
    Phases phases{};
    /// What the server says of its own capacity, where the check asks for that (script, file).
    std::optional<std::uint32_t> weight{};

    bool operator==(const ProbeResult&) const = default;
};

/// A change of mind about one probe's target: the first verdict, a transition, or another weight of
/// one that is up.
struct Verdict {
    ProbeId id = 0;
    Health health = Health::unknown;
    ProbeResult because_of{};
};

/// Evidence against ourselves: for about the time it was reported, results say little about
/// servers. Repeated every second for as long as it is found anew; codes: timers-late,
/// probes-waiting, out-of-descriptors, out-of-ports, out-of-memory, not-permitted, no-such-family,
/// tls-setup.
struct Evidence {
    Reason reason{};
    TimePoint at{};
};

/// Counters since the start of one monitor type.
struct TypeStats {
    std::string_view type;  // "http"
    std::uint64_t probes = 0;  // finished
    std::uint64_t failures = 0;  // of these
    /// What these took, in seconds, connections that idle-tcp held before they broke left out.
    Histogram durations;
};

/// Counters since the start, over all workers.
struct EngineStats {
    std::uint64_t probes = 0;  // finished
    std::uint64_t failures = 0;  // of these
    std::uint64_t repeated = 0;  // failures not counted because we were late ourselves
    std::uint64_t own_faults = 0;  // runs without a result, for want of something of ours
    std::size_t watches = 0;  // distinct probes
    std::size_t running = 0;  // now, connections that idle-tcp holds included
    std::size_t waiting = 0;  // due, but most_running was reached
    /// How long after their due time probes started.
    Histogram lateness;  // in seconds
    std::chrono::microseconds lateness_p50{0};
    std::chrono::microseconds lateness_p99{0};
    std::chrono::microseconds lateness_max{0};
    std::vector<TypeStats> types;  // those that were probed
};

struct EngineOptions {
    unsigned workers = 1;
    /// Probes at one time, over all workers: each takes a descriptor or two. 0: from the limit on
    /// open files, leaving a quarter to the rest of the process. What exceeds it waits in line, and
    /// says so as evidence.
    std::size_t most_running = 0;
};

class Engine {
public:
    /// Called on a worker thread; must not block (post it on). Verdicts about an id may still be
    /// under way when it is removed, until the workers have taken the update up.
    using Sink = std::function<void(Verdict)>;
    /// Likewise.
    using EvidenceSink = std::function<void(Evidence)>;
    /// The last results, oldest first, at most 30; empty for an id that is not known or was never
    /// probed.
    using History = std::vector<ProbeResult>;

    Engine(EngineOptions options, Sink sink, EvidenceSink evidence_sink = {});
    /// Stops and joins all workers; no sink is called after it returns.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// From any one thread. Plans with a new id start (spread over their interval), plans with a
    /// known id and other content replace the old one keeping its verdict, ids in `remove` stop.
    void update(std::vector<ProbePlan> plans, std::vector<ProbeId> remove);

    /// From the thread that calls update(). The answer is given on a worker thread, or at once
    /// where no worker knows the id; never after the destructor has returned, and not at all if the
    /// engine stops first.
    void history(ProbeId id, std::function<void(History)> answer);

    /// From any thread: when the slowest worker last came round its loop, for the watchdog.
    TimePoint last_progress() const;

    /// From any thread.
    EngineStats stats() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd::monitors
