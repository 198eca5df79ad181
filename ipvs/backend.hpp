#pragma once
// The kernel's table seen from our side: read it, change it. Two implementations: netlink_backend
// (the kernel) and memory_backend (no kernel; refuses what the kernel refuses). Blocking; used by
// the kernel thread alone.

#include "ipvs/change.hpp"
#include "ipvs/statistics.hpp"
#include "ipvs/table.hpp"

#include <boost/system/result.hpp>

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace vipd::ipvs {

/// What the kernel said no with.
struct KernelError {
    int code = 0;  // errno, positive
    std::string text;  // the kernel's words where it gave any (extended ack), else strerror
    bool operator==(const KernelError&) const = default;
};

/// What became of one Change: the change, and the error if it was refused.
struct Applied {
    Change change;
    std::optional<KernelError> error;
    bool operator==(const Applied&) const = default;
};

/// One service as it is now, with its counters.
struct ServiceReading {
    Service service;
    ServiceStatistics statistics;
};

class Backend {
public:
    virtual ~Backend() = default;

    /// The whole table as it is now, services of others included.
    virtual boost::system::result<Table, KernelError> read() = 0;

    /// Applies the changes in order; one that is refused does not stop the others. One entry for
    /// each change, in order.
    virtual std::vector<Applied> apply(std::span<const Change> changes) = 0;

    /// One service; nothing if it does not exist.
    virtual boost::system::result<std::optional<ServiceReading>, KernelError> read_service(
        const ServiceKey& key) = 0;

    virtual boost::system::result<Timeouts, KernelError> read_timeouts() = 0;
    virtual boost::system::result<void, KernelError> set_timeouts(const Timeouts& timeouts) = 0;
};

struct VipAddress {
    std::string interface;
    Address address;
    auto operator<=>(const VipAddress&) const = default;
};

/// VIP addresses on the host (rtnetlink, or memory). IPv6 with nodad and preferred lifetime 0
/// (design: never a source).
class AddressBackend {
public:
    virtual ~AddressBackend() = default;

    /// All addresses of all interfaces, whatever their prefix length.
    virtual boost::system::result<std::set<VipAddress>, KernelError> read() = 0;

    /// Whether the address (/32 or /128) is on the interface now.
    virtual boost::system::result<bool, KernelError> present(const std::string& interface,
                                                             const Address& address) = 0;
    /// Adding what is there already is success.
    virtual boost::system::result<void, KernelError> add(const std::string& interface,
                                                         const Address& address) = 0;
    /// Removing what is not there is success.
    virtual boost::system::result<void, KernelError> remove(const std::string& interface,
                                                            const Address& address) = 0;
};

}  // namespace vipd::ipvs
