#pragma once
// Knows what is wanted of the kernel's table, what is there, and what stands in the way; says what
// to write next. Pure: what was read and what was answered come in as values, `now` is an argument.
// Owned by Keeper.
//
// A service is ours from the first time want() names it until its removal was acknowledged. A
// change that may not be made now (refused and waiting, or drift that is only to be reported) is
// withheld: it stays withheld as long as the difference asks for the very same change, and is
// forgotten once the difference asks for another one or for none.

#include "ipvs/backend.hpp"
#include "ipvs/change.hpp"
#include "ipvs/table.hpp"
#include "src/base/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace vipd::ipvs {

enum class OnDrift { repair, report };

struct KernelOptions {
    Duration resync_interval{5000};
    OnDrift on_drift = OnDrift::repair;
    Duration retry_first{500};
    Duration retry_longest{30000};
    /// --observe: read, never write.
    bool read_only = false;
};

/// A wanted change that the kernel said no to, with when it is tried again.
struct Refusal {
    Change change;
    KernelError error;
    TimePoint next_try;
};

class Reconciler {
public:
    explicit Reconciler(KernelOptions options);

    void configure(const KernelOptions& options);

    /// The whole table was read.
    void observe(Table table);

    /// One service was read; nothing: it does not exist. Returns what has drifted: changes that
    /// became necessary although nothing new was wanted. With OnDrift::report they are withheld,
    /// else changes() contains them.
    std::vector<Change> observe(const ServiceKey& key, std::optional<Service> service);

    void want(WantedServices services);

    /// Services of ours whose state must be read before changes() can speak of them: newly named
    /// ones, and those whose last answer showed that somebody else wrote to them.
    const std::set<ServiceKey>& unread() const { return unread_; }

    /// What to write now, in order: whole services, as many as make a batch; nothing when all is
    /// written that can be. The answers must be handed to applied() before the next call.
    std::vector<Change> changes(TimePoint now);

    /// Takes the kernel's answers. Returns those worth telling: not conflicts (the entry was there
    /// already, or gone) that reading again will settle, and not destinations refused because their
    /// service was.
    std::vector<Applied> applied(std::vector<Applied> answers, TimePoint now);

    /// When a withheld change may be tried again.
    std::optional<TimePoint> next_deadline() const;

    /// The table as far as we know: ours as last read and written, those of others as they were at
    /// the start.
    const Table& actual() const { return actual_; }
    const WantedServices& wanted() const { return wanted_; }

    std::vector<Refusal> refusals() const;
    /// Wanted changes that are not made because we only report (drift) or only observe.
    std::vector<Change> unmade() const;
    /// False before the first want().
    bool in_sync() const;

private:
    struct Withheld {
        Change change;
        std::optional<KernelError> error;  // absent: withheld by OnDrift::report or read_only
        TimePoint next_try;
        Duration delay{0};
    };

    std::vector<Change> difference(const ServiceKey& key) const;
    void add_due(const ServiceKey& key, TimePoint now, std::vector<Change>& due);
    const Withheld* withheld(const Change& change) const;
    bool same_as_withheld(const std::vector<Change>& planned, const Change& change) const;
    void forget_outdated(const ServiceKey& key, const std::vector<Change>& planned);
    void withhold(const std::vector<Change>& changes);
    void refused(const Change& change, const KernelError& error, TimePoint now);
    void acknowledged(const Change& change);
    void settle(const ServiceKey& key);

    KernelOptions options_;
    Table actual_;
    WantedServices wanted_;
    bool wanted_once_ = false;
    std::set<ServiceKey> dirty_;
    std::set<ServiceKey> unread_;
    std::map<ServiceKey, int> conflicts_;
    std::map<Target, Withheld> withheld_;
};

}  // namespace vipd::ipvs
