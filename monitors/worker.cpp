#include "monitors/worker.hpp"

#include "monitors/schedule.hpp"
#include "monitors/text.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace vipd::monitors {

namespace {

constexpr std::uint64_t wake_token = UINT64_MAX;

/// After so many, a failure counts although we were late: else a worker that is always late would
/// never judge. That it is late was reported as evidence by then.
constexpr unsigned repeats_in_a_row = 3;

/// Signals belong to the main thread: a worker is started with all of them blocked.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

/// One writer: no read-modify-write needed.
template <class Counter>
void count(Counter& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// Timers go off on whole milliseconds: of thousands of probes a second several then share one
/// waking, which is much of what a probe costs.
std::chrono::nanoseconds time_to_sleep(const std::optional<TimePoint>& next, TimePoint now) {
    constexpr std::chrono::nanoseconds longest = std::chrono::seconds(1);  // last_progress() moves
    if (!next) return longest;
    if (*next <= now) return {};
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(*next);
    return std::min<std::chrono::nanoseconds>(due - now, longest);
}

}  // namespace

Worker::Worker(unsigned number, std::size_t most_running, const Sinks& sinks)
    : sinks_(sinks),
      most_running_(most_running),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      random_(std::random_device{}()),
      scratch_(std::size_t{64} * 1024),
      watches_([this] { return static_cast<std::uint32_t>(random_()); }),
      progress_(Clock::now().time_since_epoch().count()) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    if (const int error = poller_.add(wake_.get(), wake_token)) {
        throw std::system_error(error, std::generic_category(), "epoll_ctl");
    }
    const SignalsBlocked blocked;
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
    pthread_setname_np(thread_.native_handle(), ("monitors-" + std::to_string(number)).c_str());
}

Worker::~Worker() {
    thread_.request_stop();
    wake();
    thread_.join();
}

void Worker::post(Mail mail) {
    {
        const std::lock_guard lock(mutex_);
        mail_.push_back(std::move(mail));
    }
    wake();
}

TimePoint Worker::last_progress() const {
    return TimePoint(Clock::duration(progress_.load(std::memory_order_relaxed)));
}

void Worker::wake() const {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is being woken anyway.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

/// Answers are read before deadlines are looked at: after a pause of ours, what came in time must
/// not be called late.
void Worker::loop(const std::stop_token& stop) {
    std::array<epoll_event, 256> events{};
    auto now = Clock::now();
    while (!stop.stop_requested()) {
        progress_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        const auto timeout = time_to_sleep(timers_.earliest(), now);
        const auto ready = poller_.wait(events, timeout);
        const auto woken = Clock::now();
        lost_.slept(now, timeout, woken);
        for (const auto& event : ready)
            dispatch(event);
        run_due(Clock::now());
        now = Clock::now();
        start_waiting(now);
        if (!reaper_.empty()) reaper_.reap();
        lost_.worked(now);
    }
}

/// A bounded number in one turn: answers that wait in the meantime must not be measured late.
void Worker::run_due(TimePoint now) {
    constexpr int most = 64;
    for (int taken = 0; taken < most; ++taken) {
        const auto slot = timers_.take_due(now);
        if (!slot) return;
        auto& watch = watches_.at(*slot);
        if (watch.probe) {
            apply(*slot, watch.probe->expired(context(*slot), now), now);
        } else {
            start_or_wait(*slot, now);
        }
    }
}

void Worker::dispatch(const epoll_event& event) {
    if (event.data.u64 == wake_token) {
        take_mail();
        return;
    }
    const auto slot = static_cast<Slot>(event.data.u64);
    auto* watch = watches_.find(slot);
    if (watch == nullptr || !watch->probe ||
        watch->run != static_cast<std::uint32_t>(event.data.u64 >> 32U))
        return;
    const auto now = Clock::now();
    apply(slot, watch->probe->ready(context(slot), event.events, now), now);
}

void Worker::take_mail() {
    std::uint64_t posted = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &posted, sizeof posted);
    std::vector<Mail> mail;
    {
        const std::lock_guard lock(mutex_);
        mail.swap(mail_);
    }
    const auto abandoned = [this](Slot slot) { abandon(slot); };
    for (auto& [plans, remove, history] : mail) {
        for (const auto id : remove)
            watches_.unsubscribe(id, abandoned);
        for (auto& plan : plans) {
            if (const auto slot = watches_.subscribe(std::move(plan), abandoned)) begin(*slot);
        }
        for (const auto& request : history) {
            const auto* watch = watches_.find_id(request.id);
            request.answer(watch == nullptr ? Engine::History{} : watch->history.results());
        }
    }
    counters_.watches.store(watches_.size(), std::memory_order_relaxed);
}

void Worker::begin(Slot slot) {
    auto& watch = watches_.at(slot);
    watch.due =
        first_due(spread_window(watch.plan.interval, watches_.size()), fraction(), Clock::now());
    timers_.set(slot, watch.due);
}

/// The watch is about to go.
void Worker::abandon(Slot slot) {
    auto& watch = watches_.at(slot);
    timers_.clear(slot);
    if (watch.probe) end_run(slot);
    if (watch.kept) --kept_;
}

/// Each connection takes a descriptor, whether a probe is running on it or not.
bool Worker::has_room(const Watch& watch) const {
    return watch.kept || running_ + kept_ < most_running_;
}

/// At most half of what we may have, so that there is always room for those that connect.
void Worker::keep_connection(Watch& watch) {
    if (kept_ >= most_running_ / 2) return;
    watch.kept = watch.probe->take_connection();
    if (watch.kept) ++kept_;
}

void Worker::start_or_wait(Slot slot, TimePoint now) {
    auto& watch = watches_.at(slot);
    if (has_room(watch) && waiting_.empty()) {
        start(slot, now);
        return;
    }
    watch.waiting = true;
    waiting_.emplace_back(slot, watch.run);
    counters_.waiting.store(waiting_.size(), std::memory_order_relaxed);
}

void Worker::start_waiting(TimePoint now) {
    while (!waiting_.empty()) {
        const auto [slot, run] = waiting_.front();
        const auto* watch = watches_.find(slot);
        const bool gone = watch == nullptr || !watch->waiting || watch->run != run;
        if (!gone && now - watch->due > watch->plan.timeout / 2) {
            give_evidence(
                {"probes-waiting", std::to_string(waiting_.size()) + " probes are due, but " +
                                       std::to_string(most_running_) + " at one time is the limit"},
                now);
        }
        if (!gone && !has_room(*watch)) break;
        waiting_.pop_front();
        if (!gone) start(slot, now);
    }
    counters_.waiting.store(waiting_.size(), std::memory_order_relaxed);
}

void Worker::start(Slot slot, TimePoint now) {
    auto& watch = watches_.at(slot);
    note_lateness(watch, now);
    ++watch.run;
    watch.waiting = false;
    watch.holding = false;
    watch.started = Clock::now();
    watch.lost_before = lost_.total(watch.started);
    if (const auto& problem = watch.check->problem()) {
        excuse(slot, *problem, now);
        return;
    }
    watch.probe = watch.check->make_probe(watch.plan);
    if (watch.kept) {
        watch.probe->reuse(std::move(watch.kept));
        --kept_;
    }
    ++running_;
    counters_.running.store(running_, std::memory_order_relaxed);
    timers_.set(slot, watch.started + watch.plan.timeout);
    apply(slot, watch.probe->start(context(slot), watch.started), now);
}

void Worker::apply(Slot slot, Step step, TimePoint now) {
    switch (step.then) {
        case Step::Then::wait:
            if (step.until) timers_.set(slot, *step.until);
            return;
        case Step::Then::hold:
            timers_.clear(slot);
            record(slot, step.finding, now);
            watches_.at(slot).holding = true;
            return;
        case Step::Then::done:
            finish(slot, step.finding, now);
            return;
        case Step::Then::renew:
            end_run(slot);
            watches_.at(slot).due = now;
            timers_.set(slot, now);
            return;
        case Step::Then::own_fault:
            end_run(slot);
            excuse(slot, std::move(step.finding.reason), now);
            return;
    }
}

/// No result, for a reason of ours.
void Worker::excuse(Slot slot, Reason reason, TimePoint now) {
    count(counters_.own_faults);
    give_evidence(std::move(reason), now);
    rest(slot, now);
}

void Worker::finish(Slot slot, const Finding& finding, TimePoint now) {
    auto& watch = watches_.at(slot);
    if (!finding.success && lost_too_much(watch) && watch.repeats < repeats_in_a_row) {
        ++watch.repeats;
        count(counters_.repeated);
        end_run(slot);
        watch.due = now;
        timers_.set(slot, now);
        return;
    }
    watch.repeats = 0;
    record(slot, finding, now);
    if (finding.success) keep_connection(watch);
    end_run(slot);
    rest(slot, now);
}

/// This run failed, but we were away for more than a quarter of the time it had. (What is held has
/// no deadline to miss.)
bool Worker::lost_too_much(const Watch& watch) const {
    return !watch.holding && lost_.total(Clock::now()) - watch.lost_before >
                                 std::chrono::nanoseconds(watch.plan.timeout) / 4;
}

void Worker::record(Slot slot, const Finding& finding, TimePoint now) {
    auto& watch = watches_.at(slot);
    auto& counters = counters_.types[watch.check->check().index()];
    const auto took = std::max(Clock::duration{}, now - watch.started);
    count(counters.probes);
    if (!finding.success) count(counters.failures);
    if (!watch.holding) counters.durations.add(took);
    const ProbeResult result{.success = finding.success,
                             .reason = finding.reason,
                             .took = std::chrono::duration_cast<std::chrono::microseconds>(took),
                             .finished = now,
                             .phases = watch.probe->phases(),
                             .weight = finding.weight};
    for (auto& verdict : watch.subscribers.record(result))
        sinks_.verdict(std::move(verdict));
    watch.history.add(result);
}

void Worker::end_run(Slot slot) {
    watches_.at(slot).probe.reset();
    --running_;
    counters_.running.store(running_, std::memory_order_relaxed);
}

/// Nothing runs until the next due time.
void Worker::rest(Slot slot, TimePoint now) {
    auto& watch = watches_.at(slot);
    watch.due = next_due(watch.due, watch.subscribers.interval(watch.plan), fraction(), now);
    timers_.set(slot, watch.due);
}

void Worker::note_lateness(const Watch& watch, TimePoint now) {
    const auto late = std::max(Clock::duration{}, now - watch.due);
    counters_.lateness.add(late);
    if (watch.waiting || late <= watch.plan.timeout / 2) return;
    give_evidence(
        {"timers-late", "a probe started " + duration_text(late) + " late, with a timeout of " +
                            duration_text(watch.plan.timeout)},
        now);
}

void Worker::give_evidence(Reason reason, TimePoint now) {
    constexpr std::chrono::seconds not_again_for{1};
    const auto [given, first] = evidence_given_.try_emplace(reason.code, now);
    if (!first && now - given->second < not_again_for) return;
    given->second = now;
    if (sinks_.evidence) sinks_.evidence({.reason = std::move(reason), .at = now});
}

ProbeContext Worker::context(Slot slot) {
    return {.poller = poller_,
            .token = (std::uint64_t{watches_.at(slot).run} << 32U) | slot,
            .reaper = reaper_,
            .scratch = scratch_};
}

double Worker::fraction() {
    return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

}  // namespace vipd::monitors
