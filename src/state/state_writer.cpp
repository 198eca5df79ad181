#include "src/state/state_writer.hpp"

#include "src/base/thread_priority.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace vipd {

namespace {

using namespace std::chrono_literals;

constexpr Duration retry_first = 1s;
constexpr Duration retry_longest = 30s;

}  // namespace

struct StateWriter::Shared {
    Shared(StateStore opened, Sink report) : store(std::move(opened)), sink(std::move(report)) {}

    void run() {
        std::unique_lock lock(mutex);
        auto retry = retry_first;
        while (!stopping || pending()) {
            wake.wait(lock, [this] { return stopping || pending(); });
            if (!pending()) break;
            auto taken_state = std::exchange(state, std::nullopt);
            auto taken_config = std::exchange(accepted, std::nullopt);
            lock.unlock();
            const auto error = write(taken_state, taken_config);
            sink(error);
            lock.lock();
            if (!error) {
                retry = retry_first;
                continue;
            }
            if (stopping) break;
            // What has failed waits for its turn again, unless something newer came meanwhile.
            if (!state) state = std::move(taken_state);
            if (!accepted) accepted = std::move(taken_config);
            wake.wait_for(lock, retry, [this] { return stopping; });
            retry = std::min(retry * 2, retry_longest);
        }
    }

    bool pending() const { return state || accepted; }

    // Clears what was saved, so that only the rest is tried again.
    std::optional<StoreError> write(std::optional<State>& taken_state,
                                    std::optional<AcceptedConfig>& taken_config) {
        std::optional<StoreError> error;
        if (taken_config) {
            const auto saved = store.save(*taken_config);
            if (saved) taken_config.reset();
            if (!saved) error = saved.error();
        }
        if (taken_state) {
            const auto saved = store.save(*taken_state);
            if (saved) taken_state.reset();
            if (!saved) error = saved.error();
        }
        return error;
    }

    StateStore store;
    Sink sink;
    std::mutex mutex;
    std::condition_variable wake;
    bool stopping = false;
    std::optional<State> state;
    std::optional<AcceptedConfig> accepted;
    std::thread thread;
};

StateWriter::StateWriter(StateStore store, Sink sink)
    : shared_(std::make_unique<Shared>(std::move(store), std::move(sink))) {
    shared_->thread = std::thread([shared = shared_.get()] {
        work_in_background();  // making the text of 10,000 servers takes a while
        shared->run();
    });
}

StateWriter::~StateWriter() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->stopping = true;
    }
    shared_->wake.notify_all();
    shared_->thread.join();
}

void StateWriter::save(State state) {
    const std::lock_guard lock(shared_->mutex);
    shared_->state = std::move(state);
    shared_->wake.notify_all();
}

void StateWriter::save(AcceptedConfig accepted) {
    const std::lock_guard lock(shared_->mutex);
    shared_->accepted = std::move(accepted);
    shared_->wake.notify_all();
}

}  // namespace vipd
