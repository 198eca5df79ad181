#pragma once
// The private services that probes through VIPs need: which mark each has, what the kernel has
// acknowledged of them, and when one that nobody needs any more may go. Pure; owned by the
// controller.

#include "ipvs/change.hpp"
#include "ipvs/table.hpp"
#include "src/base/time.hpp"
#include "src/config/vip_path.hpp"
#include "src/control/deadlines.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace vipd {

class VipPaths {
public:
    /// What the kernel had at the start: private services of an earlier run keep their marks, and
    /// marks that are used for something else are left alone.
    void adopt(const ipvs::Table& table, const VipPathsConfig& range);

    /// Exactly these are needed now; what is to be told to the kernel for that.
    ipvs::WantedServices need(const std::set<VipPathKey>& keys, const VipPathsConfig& range,
                              TimePoint now);
    /// Removes what has not been needed for a while: without its private service a probe that was
    /// still under way would be balanced like a user's connection.
    ipvs::WantedServices expire(TimePoint now);
    /// Removes all of it.
    ipvs::WantedServices remove_all();
    /// When expire() is due.
    std::optional<TimePoint> deadline() const { return leaving_.earliest(); }

    /// The table was read; true if other paths are ready than before.
    bool observe(const ipvs::Table& table);
    /// One service is so, or not there; likewise.
    bool observe(const ipvs::ServiceKey& key, const std::optional<ipvs::Service>& service);

    /// The mark of a path that the kernel has as it must be, so that probes may use it.
    std::optional<std::uint32_t> ready_mark(const VipPathKey& key) const;
    bool owns(const ipvs::ServiceKey& key) const;
    /// How many paths are needed and have no mark, because somebody else uses those of the range.
    std::size_t lacking() const { return lacking_; }
    /// The kernel has any of them.
    bool any_programmed() const;

private:
    struct Private {
        VipPathKey key;
        std::optional<ipvs::Service> in_kernel{};
        bool ready = false;
        bool removed = false;  // nobody needs it, and the kernel was told so
    };
    struct Found {
        ipvs::FirewallMark mark;
        ipvs::Service service;
    };

    std::map<VipPathKey, ipvs::FirewallMark> reusable(const VipPathsConfig& range) const;
    std::optional<Found> take_found(const VipPathKey& key, const VipPathsConfig& range);
    std::optional<ipvs::FirewallMark> free_mark(Family family, const VipPathsConfig& range);
    bool acknowledge(Private& service, std::optional<ipvs::Service> in_kernel);

    std::map<ipvs::FirewallMark, Private> services_;
    std::map<VipPathKey, ipvs::FirewallMark> needed_;
    std::size_t lacking_ = 0;
    /// What nobody needs any more, until it is removed.
    Deadlines<ipvs::FirewallMark> leaving_;
    /// Marks of the range that were in use at the start, and are not ours for a path.
    std::set<ipvs::FirewallMark> taken_;
    /// What an earlier run may have left, by server.
    std::multimap<std::pair<Family, ipvs::DestinationKey>, Found> found_;
    /// The next mark is looked for behind the last one: the kernel may still know connections from
    /// the port of one that was given up.
    std::map<Family, std::uint32_t> last_given_;
};

}  // namespace vipd
