#pragma once
// One thread of the engine: an epoll loop with a timer heap, and the watches that it keeps.

#include "monitors/engine.hpp"
#include "monitors/poller.hpp"
#include "monitors/prepared_check.hpp"
#include "monitors/timer_heap.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

namespace vipd::monitors {

class Worker {
public:
    Worker(unsigned number, const Engine::Sink& sink);
    /// Stops and joins.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// From any thread; taken up within one turn of the loop, in order.
    void post(std::vector<ProbePlan> plans, std::vector<ProbeId> remove);

    /// From any thread.
    TimePoint last_progress() const;

private:
    using Slot = TimerHeap::Slot;

    /// Who wants to know: plans that ask for the same probe share its runs, each with its own rise
    /// and fall.
    struct Subscriber {
        ProbeId id = 0;
        Thresholds thresholds;
        HealthState state;
    };

    /// One check of one server, repeated. It has exactly one timer: the next run while idle, the
    /// deadline while running.
    struct Watch {
        ProbePlan plan;  // what all subscribers have in common; the rest is at its default
        std::shared_ptr<const PreparedCheck> check;  // shared between the watches of equal checks
        std::vector<Subscriber> subscribers;
        std::unique_ptr<Probe> probe;  // of the run under way
        std::uint32_t run =
            0;  // part of the token, so that an event of an earlier run finds nobody
        TimePoint due;
        TimePoint started;
    };

    struct Mail {
        std::vector<ProbePlan> plans;
        std::vector<ProbeId> remove;
    };

    void loop(const std::stop_token& stop);
    void run_due(TimePoint now);
    void dispatch(const epoll_event& event);
    void take_mail();
    void wake() const;

    void subscribe(ProbePlan plan);
    void unsubscribe(ProbeId id);
    Subscriber* subscriber(ProbeId id);
    Slot watch_for(ProbePlan common);
    Slot new_slot();
    std::shared_ptr<const PreparedCheck> prepared(const Check& check);

    void start(Slot slot, TimePoint now);
    void apply(Slot slot, Step step, TimePoint now);
    void finish(Slot slot, Finding finding, TimePoint now);
    void rest(Slot slot, TimePoint now);
    ProbeContext context(Slot slot);
    double fraction();

    const Engine::Sink& sink_;
    Poller poller_;
    Fd wake_;
    TimerHeap timers_;
    std::minstd_rand random_;
    std::vector<char> scratch_;

    std::vector<std::unique_ptr<Watch>> watches_;  // by slot; null where free
    std::vector<Slot> free_;
    std::unordered_map<ProbeId, Slot> slots_;
    std::unordered_multimap<std::size_t, Slot> by_plan_;  // by hash of the common plan
    std::unordered_multimap<std::size_t, std::weak_ptr<const PreparedCheck>> checks_;

    std::mutex mutex_;  // of mail_ only
    std::vector<Mail> mail_;
    std::atomic<Clock::rep> progress_;
    std::jthread thread_;
};

}  // namespace vipd::monitors
