#include "monitors/worker.hpp"

#include "monitors/schedule.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

namespace vipd::monitors {

namespace {

constexpr std::uint64_t wake_token = UINT64_MAX;

/// What a plan's probes do, without who asks and what it makes of the answer.
ProbePlan common_part(ProbePlan plan) {
    plan.id = 0;
    plan.thresholds = {};
    plan.initial = Health::unknown;
    return plan;
}

std::size_t hash_of(const ProbePlan& common) {
    return hash_value(common.check) ^ (std::hash<Address>{}(common.target.address) * 31U) ^
           (std::size_t{common.target.port} << 16U);
}

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

}  // namespace

Worker::Worker(unsigned number, const Engine::Sink& sink)
    : sink_(sink),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      random_(std::random_device{}()),
      scratch_(std::size_t{64} * 1024),
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

void Worker::post(std::vector<ProbePlan> plans, std::vector<ProbeId> remove) {
    {
        const std::lock_guard lock(mutex_);
        mail_.push_back({std::move(plans), std::move(remove)});
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

void Worker::loop(const std::stop_token& stop) {
    constexpr std::chrono::nanoseconds at_least_every =
        std::chrono::seconds(1);  // so that last_progress() moves
    std::array<epoll_event, 256> events{};
    while (!stop.stop_requested()) {
        auto now = Clock::now();
        progress_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        run_due(now);

        std::chrono::nanoseconds timeout = at_least_every;
        if (const auto next = timers_.earliest()) {
            now = Clock::now();
            timeout = std::clamp<std::chrono::nanoseconds>(*next - now, {}, at_least_every);
        }
        for (const auto& event : poller_.wait(events, timeout))
            dispatch(event);
    }
}

/// A bounded number in one turn: answers that wait in the meantime must not be measured late.
void Worker::run_due(TimePoint now) {
    constexpr int most = 64;
    for (int count = 0; count < most; ++count) {
        const auto slot = timers_.take_due(now);
        if (!slot) return;
        auto& watch = *watches_[*slot];
        if (watch.probe) {
            finish(*slot, watch.probe->expired(watch.plan.timeout), now);
        } else {
            start(*slot, now);
        }
    }
}

void Worker::dispatch(const epoll_event& event) {
    if (event.data.u64 == wake_token) {
        take_mail();
        return;
    }
    const auto slot = static_cast<Slot>(event.data.u64);
    const auto run = static_cast<std::uint32_t>(event.data.u64 >> 32U);
    if (slot >= watches_.size() || !watches_[slot]) return;
    auto& watch = *watches_[slot];
    if (!watch.probe || watch.run != run) return;
    const auto now = Clock::now();
    apply(slot, watch.probe->ready(context(slot), event.events, now), now);
}

void Worker::take_mail() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    std::vector<Mail> mail;
    {
        const std::lock_guard lock(mutex_);
        mail.swap(mail_);
    }
    for (auto& [plans, remove] : mail) {
        for (const auto id : remove)
            unsubscribe(id);
        for (auto& plan : plans)
            subscribe(std::move(plan));
    }
}

void Worker::subscribe(ProbePlan plan) {
    const ProbeId id = plan.id;
    const Thresholds thresholds = plan.thresholds;
    HealthState state(plan.initial);
    auto common = common_part(std::move(plan));

    if (auto* known = subscriber(id)) {
        state = HealthState(known->state.health());
        if (watches_[slots_.at(id)]->plan == common) {
            if (known->thresholds != thresholds) *known = {id, thresholds, state};
            return;
        }
        unsubscribe(id);
    }
    const Slot slot = watch_for(std::move(common));
    watches_[slot]->subscribers.push_back({id, thresholds, state});
    slots_.emplace(id, slot);
}

void Worker::unsubscribe(ProbeId id) {
    const auto found = slots_.find(id);
    if (found == slots_.end()) return;
    const Slot slot = found->second;
    slots_.erase(found);
    auto& watch = *watches_[slot];
    std::erase_if(watch.subscribers,
                  [id](const Subscriber& subscriber) { return subscriber.id == id; });
    if (!watch.subscribers.empty()) return;

    const auto [begin, end] = by_plan_.equal_range(hash_of(watch.plan));
    by_plan_.erase(
        std::find_if(begin, end, [slot](const auto& entry) { return entry.second == slot; }));
    timers_.clear(slot);
    watches_[slot].reset();
    free_.push_back(slot);
}

Worker::Subscriber* Worker::subscriber(ProbeId id) {
    const auto found = slots_.find(id);
    if (found == slots_.end()) return nullptr;
    auto& subscribers = watches_[found->second]->subscribers;
    return &*std::ranges::find(subscribers, id, &Subscriber::id);
}

/// The watch that does this already, or a new one.
Worker::Slot Worker::watch_for(ProbePlan common) {
    const auto hash = hash_of(common);
    const auto [begin, end] = by_plan_.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry) {
        if (watches_[entry->second]->plan == common) return entry->second;
    }
    const Slot slot = new_slot();
    by_plan_.emplace(hash, slot);
    auto& watch = *watches_[slot];
    watch.check = prepared(common.check);
    watch.plan = std::move(common);
    watch.due =
        first_due(spread_window(watch.plan.interval, by_plan_.size()), fraction(), Clock::now());
    timers_.set(slot, watch.due);
    return slot;
}

/// A new Watch counts its runs from a random number on, so that the tokens of a slot's former
/// tenant do not fit it.
Worker::Slot Worker::new_slot() {
    if (free_.empty()) {
        watches_.push_back(nullptr);
        free_.push_back(static_cast<Slot>(watches_.size() - 1));
    }
    const Slot slot = free_.back();
    free_.pop_back();
    watches_[slot] = std::make_unique<Watch>();
    watches_[slot]->run = static_cast<std::uint32_t>(random_());
    return slot;
}

std::shared_ptr<const PreparedCheck> Worker::prepared(const Check& check) {
    const auto hash = hash_value(check);
    const auto [begin, end] = checks_.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry) {
        auto known = entry->second.lock();
        if (known && known->check() == check) return known;
    }
    std::erase_if(checks_, [](const auto& entry) { return entry.second.expired(); });
    auto made = std::make_shared<const PreparedCheck>(check);
    checks_.emplace(hash, made);
    return made;
}

void Worker::start(Slot slot, TimePoint now) {
    auto& watch = *watches_[slot];
    ++watch.run;
    watch.started = Clock::now();
    watch.probe = watch.check->make_probe(watch.plan.target);
    timers_.set(slot, watch.started + watch.plan.timeout);
    apply(slot, watch.probe->start(context(slot), watch.started), now);
}

void Worker::apply(Slot slot, Step step, TimePoint now) {
    switch (step.then) {
        case Step::Then::wait:
            return;
        case Step::Then::done:
            finish(slot, std::move(step.finding), now);
            return;
        case Step::Then::own_fault:
            rest(slot, now);
            return;
    }
}

void Worker::finish(Slot slot, Finding finding, TimePoint now) {
    auto& watch = *watches_[slot];
    const auto took = std::max(Clock::duration{}, Clock::now() - watch.started);
    rest(slot, now);
    for (auto& [id, thresholds, state] : watch.subscribers) {
        const auto verdict = state.record(finding.success, thresholds);
        if (!verdict) continue;
        sink_({.id = id,
               .health = *verdict,
               .because_of = {.success = finding.success,
                              .reason = finding.reason,
                              .took = std::chrono::duration_cast<std::chrono::microseconds>(took),
                              .finished = watch.started + took}});
    }
}

/// Nothing runs until the next due time.
void Worker::rest(Slot slot, TimePoint now) {
    auto& watch = *watches_[slot];
    watch.probe.reset();
    watch.due = next_due(watch.due, watch.plan.interval, fraction(), now);
    timers_.set(slot, watch.due);
}

ProbeContext Worker::context(Slot slot) {
    return {.poller = poller_,
            .token = (std::uint64_t{watches_[slot]->run} << 32U) | slot,
            .scratch = scratch_};
}

double Worker::fraction() {
    return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

}  // namespace vipd::monitors
