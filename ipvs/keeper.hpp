#pragma once
// One round of keeping the kernel as wanted: addresses first, then services, removed addresses
// last; else a step of the sweep that looks for drift. All decisions are Reconciler's,
// AddressPlan's and Sweep's; this calls the backends in between. Blocks as long as they do. Owned
// by KernelThread; tests run it on the memory backend and virtual time.

#include "ipvs/address_plan.hpp"
#include "ipvs/backend.hpp"
#include "ipvs/reconciler.hpp"
#include "ipvs/report.hpp"
#include "ipvs/sweep.hpp"
#include "src/base/time.hpp"

#include <optional>
#include <set>
#include <vector>

namespace vipd::ipvs {

class Keeper {
public:
    Keeper(Backend& backend, AddressBackend& addresses, const KernelOptions& options);

    void configure(const KernelOptions& options);

    /// `wanted` may be empty. The first round reads the whole table; nothing is written before
    /// something is wanted. Nothing is returned if nothing was learnt.
    std::optional<KernelReport> round(WantedChange wanted, TimePoint now);

    /// When round() has something to do although nothing new is wanted; in the past: at once.
    TimePoint next_deadline() const;

private:
    /// What a round is asked for.
    struct Asked {
        std::set<ServiceKey> services;
        std::vector<VipAddress> addresses;
    };

    void load(KernelReport& report, TimePoint now);
    Asked take(WantedChange wanted, TimePoint now);
    void answer(Asked asked, KernelReport& report) const;
    void write(KernelReport& report, TimePoint now);
    void write_services(KernelReport& report, TimePoint now);
    void read_unread(KernelReport& report, TimePoint now);
    void read_whole(KernelReport& report, TimePoint now);
    void read_one(const ServiceKey& key, KernelReport& report, TimePoint now);
    void read_addresses(KernelReport& report, TimePoint now);
    void write_addresses(bool wanted, KernelReport& report, TimePoint now);
    void keep_timeouts(KernelReport& report);
    void sweep(KernelReport& report, TimePoint now);
    void end_sweep(KernelReport& report, TimePoint now);
    void read_failed(KernelReport& report, const KernelError& error, TimePoint now);

    Backend& backend_;
    AddressBackend& address_backend_;
    KernelOptions options_;
    Reconciler reconciler_;
    AddressPlan addresses_;
    Sweep sweep_;
    Statistics statistics_;
    TimePoint counted_since_;  // the start of the sweep that fills statistics_
    std::optional<Timeouts> timeouts_;
    bool loaded_ = false;
    bool unwritten_ = false;  // wanted before the table was read
    bool table_is_news_ = false;  // in this round
    bool timeouts_asked_ = false;
    bool sweep_failed_ = false;  // so its counters are not whole
    TimePoint read_again_;
    Duration read_delay_{0};
};

}  // namespace vipd::ipvs
