#include "ipvs/kernel_thread.hpp"

#include "ipvs/keeper.hpp"
#include "src/base/thread_priority.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace vipd::ipvs {

namespace {

/// The thread comes round at least so often, for the watchdog.
constexpr Duration longest_wait{1000};

void merge(WantedChange& into, WantedChange&& later) {
    for (auto& [key, service] : later.services) {
        into.services.insert_or_assign(key, std::move(service));
    }
    for (const auto& [address, wanted] : later.addresses) {
        into.addresses.insert_or_assign(address, wanted);
    }
    if (later.timeouts) into.timeouts = later.timeouts;
}

}  // namespace

struct KernelThread::State {
    /// What other threads left for ours.
    struct Inbox {
        WantedChange wanted;
        std::optional<KernelOptions> options;
        bool stop = false;
        bool filled = false;
    };

    std::unique_ptr<Backend> backend;
    std::unique_ptr<AddressBackend> addresses;
    Keeper keeper;
    Sink sink;

    std::mutex mutex;
    std::condition_variable arrived;
    Inbox inbox;  // the only thing shared, under `mutex`
    std::atomic<TimePoint> progress;
    std::thread thread;

    State(std::unique_ptr<Backend> table, std::unique_ptr<AddressBackend> vips,
          const KernelOptions& options, Sink report)
        : backend(std::move(table)),
          addresses(std::move(vips)),
          keeper(*backend, *addresses, options),
          sink(std::move(report)),
          progress(Clock::now()) {}

    template <class Fill>
    void post(Fill fill) {
        {
            const std::lock_guard lock(mutex);
            fill(inbox);
            inbox.filled = true;
        }
        arrived.notify_one();
    }

    Inbox wait(TimePoint deadline) {
        std::unique_lock lock(mutex);
        arrived.wait_until(lock, deadline, [this] { return inbox.filled; });
        return std::exchange(inbox, {});
    }

    void run() {
        while (true) {
            const TimePoint longest = Clock::now() + longest_wait;
            Inbox taken = wait(std::min(keeper.next_deadline(), longest));
            if (taken.stop) return;
            const TimePoint now = Clock::now();
            progress = now;
            if (taken.options) keeper.configure(*taken.options);
            if (auto report = keeper.round(std::move(taken.wanted), now)) sink(std::move(*report));
        }
    }
};

KernelThread::KernelThread(std::unique_ptr<Backend> backend,
                           std::unique_ptr<AddressBackend> addresses, KernelOptions options,
                           Sink sink)
    : state_(std::make_unique<State>(std::move(backend), std::move(addresses), options,
                                     std::move(sink))) {}

KernelThread::~KernelThread() {
    if (!state_->thread.joinable()) return;
    state_->post([](State::Inbox& inbox) { inbox.stop = true; });
    state_->thread.join();
}

void KernelThread::start() {
    state_->thread = std::thread([state = state_.get()] {
        take_short_turns();
        state->run();
    });
}

void KernelThread::want(WantedChange change) {
    state_->post([&](State::Inbox& inbox) { merge(inbox.wanted, std::move(change)); });
}

void KernelThread::configure(KernelOptions options) {
    state_->post([&](State::Inbox& inbox) { inbox.options = options; });
}

TimePoint KernelThread::last_progress() const {
    return state_->progress;
}

}  // namespace vipd::ipvs
