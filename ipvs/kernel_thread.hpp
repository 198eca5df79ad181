#pragma once
// The thread that owns the kernel's table and the VIP addresses: takes what is wanted, writes the difference, reports
// what was acknowledged. Level-triggered: a refused change is retried with back-off, drift is found by re-reading.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ipvs/backend.hpp"
#include "ipvs/table.hpp"
#include "src/base/time.hpp"

namespace vipd::ipvs {

struct VipAddress {
    std::string interface;
    Address address;
    auto operator<=>(const VipAddress&) const = default;
};

/// What policy wants, as a difference to what it wanted before: only what changed is named.
struct WantedChange {
    /// The service as it shall be; nothing: it shall not exist (and is ours to remove).
    std::map<ServiceKey, std::optional<Service>> services;
    /// true: the address shall be on the interface.
    std::map<VipAddress, bool> addresses;
};

/// A wanted change that the kernel said no to, with when it is tried again.
struct Refusal {
    Change change;
    KernelError error;
    TimePoint next_try;
};

/// What the kernel thread knows after a round. Sent after every round in which anything was learnt.
struct KernelReport {
    /// Changes acknowledged or refused in this round, in order.
    std::vector<Applied> applied;
    /// The table as last read, after a start or a resync; absent when only `applied` is news.
    std::shared_ptr<const Table> table;
    /// VIP addresses whose presence was learnt in this round.
    std::map<VipAddress, bool> addresses;
    std::map<VipAddress, KernelError> address_errors;
    /// All wanted changes refused and not yet made.
    std::vector<Refusal> refusals;
    /// Changes that a resync found necessary although nothing new was wanted: somebody else wrote to our services.
    std::vector<Change> drift;
    /// Reading the table failed; the other fields are then empty.
    std::optional<KernelError> read_error;
    /// Actual equals wanted for everything that is ours.
    bool in_sync = false;
    TimePoint at;
};

enum class OnDrift { repair, report };

struct KernelOptions {
    Duration resync_interval{5000};
    OnDrift on_drift = OnDrift::repair;
    Duration retry_first{500};
    Duration retry_longest{30000};
    /// --observe: read, never write.
    bool read_only = false;
};

class KernelThread {
public:
    /// Called on the kernel thread; must not block (post it on).
    using Sink = std::function<void(KernelReport)>;

    KernelThread(std::unique_ptr<Backend> backend, std::unique_ptr<AddressBackend> addresses, KernelOptions options,
                 Sink sink);
    /// Stops and joins; changes not yet applied are dropped.
    ~KernelThread();
    KernelThread(const KernelThread&) = delete;
    KernelThread& operator=(const KernelThread&) = delete;

    /// Starts the thread. Its first report carries the table as found; nothing is written before the first want().
    void start();

    /// From any thread. Applied as soon as the thread is free; several calls before that act as one.
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
