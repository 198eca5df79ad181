#pragma once
// Which VIP addresses to add and to remove: the Reconciler's little sister. Pure.

#include "ipvs/backend.hpp"
#include "ipvs/reconciler.hpp"
#include "src/base/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace vipd::ipvs {

class AddressPlan {
public:
    explicit AddressPlan(const KernelOptions& options);

    /// true: shall be there; false: shall not, and is forgotten once it is gone.
    void want(const std::map<VipAddress, bool>& addresses);
    /// What is on the host. Returns the presence of our addresses where it is news.
    std::map<VipAddress, bool> observe(const std::set<VipAddress>& present);
    /// As last learnt; those that are not ours (any more) are gone. Nothing: never looked for.
    std::optional<bool> presence(const VipAddress& address) const;
    /// Whether one of ours has never been looked for.
    bool has_unread() const;

    std::vector<VipAddress> to_add(TimePoint now) const { return due(true, now); }
    std::vector<VipAddress> to_remove(TimePoint now) const { return due(false, now); }

    /// The kernel did, or refused, what was wanted of the address.
    void done(const VipAddress& address);
    void refused(const VipAddress& address, const KernelError& error, TimePoint now);

    std::map<VipAddress, KernelError> errors() const;
    std::optional<TimePoint> next_deadline() const;
    bool in_sync() const;

private:
    struct Entry {
        bool wanted = true;
        std::optional<bool> present;
        std::optional<KernelError> error;
        TimePoint next_try;
        Duration delay{0};
    };

    std::vector<VipAddress> due(bool wanted, TimePoint now) const;

    KernelOptions options_;
    std::map<VipAddress, Entry> entries_;
};

}  // namespace vipd::ipvs
