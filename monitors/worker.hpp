#pragma once
// One thread of the engine: an epoll loop with a timer heap, and the watches that it keeps.

#include "monitors/duration_counts.hpp"
#include "monitors/engine.hpp"
#include "monitors/lost_time.hpp"
#include "monitors/poller.hpp"
#include "monitors/timer_heap.hpp"
#include "monitors/watch_table.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace vipd::monitors {

/// What a worker has counted of one monitor type.
struct TypeCounters {
    std::atomic<std::uint64_t> probes{0};
    std::atomic<std::uint64_t> failures{0};
    DurationCounts durations;
};

/// What a worker has counted; written by its thread, read by any.
struct WorkerCounters {
    std::array<TypeCounters, std::variant_size_v<Check>> types;
    std::atomic<std::uint64_t> repeated{0};
    std::atomic<std::uint64_t> own_faults{0};
    std::atomic<std::size_t> watches{0};
    std::atomic<std::size_t> running{0};
    std::atomic<std::size_t> waiting{0};
    DurationCounts lateness;
};

class Worker {
public:
    struct Sinks {
        Engine::Sink verdict;
        Engine::EvidenceSink evidence;  // may be empty
    };
    struct HistoryRequest {
        ProbeId id = 0;
        std::function<void(Engine::History)> answer;
    };
    struct Mail {
        std::vector<ProbePlan> plans;
        std::vector<ProbeId> remove;
        std::vector<HistoryRequest> history;
    };

    /// `most_running`: at least 1.
    Worker(unsigned number, std::size_t most_running, const Sinks& sinks);
    /// Stops and joins.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// From any thread; taken up within one turn of the loop, in order.
    void post(Mail mail);

    /// From any thread.
    TimePoint last_progress() const;
    const WorkerCounters& counters() const { return counters_; }

private:
    using Slot = WatchTable::Slot;

    void loop(const std::stop_token& stop);
    void run_due(TimePoint now);
    void dispatch(const epoll_event& event);
    void take_mail();
    void wake() const;

    void begin(Slot slot);
    void abandon(Slot slot);
    void start_or_wait(Slot slot, TimePoint now);
    void start(Slot slot, TimePoint now);
    void start_waiting(TimePoint now);
    void apply(Slot slot, Step step, TimePoint now);
    void finish(Slot slot, const Finding& finding, TimePoint now);
    bool lost_too_much(const Watch& watch) const;
    void record(Slot slot, const Finding& finding, TimePoint now);
    void end_run(Slot slot);
    void keep_connection(Watch& watch);
    bool has_room(const Watch& watch) const;
    void excuse(Slot slot, Reason reason, TimePoint now);
    void rest(Slot slot, TimePoint now);
    void note_lateness(const Watch& watch, TimePoint now);
    void give_evidence(Reason reason, TimePoint now);
    ProbeContext context(Slot slot);
    double fraction();

    const Sinks& sinks_;
    const std::size_t most_running_;
    Poller poller_;
    Fd wake_;
    Reaper reaper_;  // before the watches, whose probes hand their children to it
    TimerHeap timers_;
    std::minstd_rand random_;
    std::vector<char> scratch_;
    WatchTable watches_;
    std::size_t running_ = 0;
    std::size_t kept_ = 0;  // connections between runs
    std::deque<std::pair<Slot, std::uint32_t>>
        waiting_;  // slot and run; an entry whose watch has gone on is passed over
    LostTime lost_;
    std::map<std::string, TimePoint> evidence_given_;  // by code: not more than once a second

    std::mutex mutex_;  // of mail_ only
    std::vector<Mail> mail_;
    WorkerCounters counters_;
    std::atomic<Clock::rep> progress_;
    std::jthread thread_;
};

}  // namespace vipd::monitors
