#pragma once
// The thread that owns the kernel's table and the VIP addresses: takes what is wanted, writes the
// difference, reports what was acknowledged. Level-triggered: a refused change is retried with
// back-off, drift is found by re-reading.

#include "ipvs/backend.hpp"
#include "ipvs/reconciler.hpp"
#include "ipvs/report.hpp"
#include "src/base/time.hpp"

#include <functional>
#include <memory>

namespace vipd::ipvs {

class KernelThread {
public:
    /// Called on the kernel thread; must not block (post it on).
    using Sink = std::function<void(KernelReport)>;

    KernelThread(std::unique_ptr<Backend> backend, std::unique_ptr<AddressBackend> addresses,
                 KernelOptions options, Sink sink);
    /// Stops and joins; changes not yet applied are dropped.
    ~KernelThread();
    KernelThread(const KernelThread&) = delete;
    KernelThread& operator=(const KernelThread&) = delete;

    /// Starts the thread. Its first report carries the table as found; nothing is written before
    /// the first want().
    void start();

    /// From any thread. Applied as soon as the thread is free; several calls before that act as
    /// one.
    void want(WantedChange change);

    /// From any thread: options that may change at run time (resync_interval, on_drift).
    void configure(KernelOptions options);

    /// From any thread: when the thread last came round its loop, for the watchdog.
    TimePoint last_progress() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd::ipvs
