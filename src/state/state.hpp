#pragma once
// What vipd remembers across a restart, as values. Pure.

#include "ipvs/kernel_thread.hpp"
#include "ipvs/table.hpp"
#include "monitors/health.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/config/read_config.hpp"
#include "src/model/admin.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// Milliseconds count; what is finer is not kept.
using WallTime = std::chrono::system_clock::time_point;

/// What an operator said about a server, or about a VIP or the node that shall leave for a while.
struct SavedOverride {
    Admin state = Admin::enabled;
    std::string who;
    std::string why;
    WallTime since;
    std::optional<WallTime> until;

    bool operator==(const SavedOverride&) const = default;
};

/// One server in one family, as it was when the state was saved.
struct SavedServer {
    monitors::Health health = monitors::Health::unknown;
    /// Of each monitor, in the order of the configuration.
    std::vector<monitors::Health> monitors;
    /// When health last changed.
    std::optional<WallTime> since;
    /// The most recent change from up to down: who was lost last is held first.
    std::optional<WallTime> went_down;

    bool operator==(const SavedServer&) const = default;
};

/// By server name and family.
using SavedService = std::map<std::pair<std::string, Family>, SavedServer>;

/// The last good answer for a host name.
struct SavedName {
    std::map<Family, Address> addresses;
    WallTime good_at;

    bool operator==(const SavedName&) const = default;
};

struct State {
    /// Of the system that it was saved on: steady times and connections do not survive a boot.
    std::string boot_id;
    WallTime saved_at;
    /// True from the start until a planned stop: found true at the next start, that was no clean
    /// end.
    bool running = false;
    /// When vipd was started without having stopped, latest last.
    std::vector<WallTime> unclean_starts;

    /// What vipd made in the kernel and may therefore remove.
    std::set<ipvs::ServiceKey> owned_services;
    std::set<ipvs::VipAddress> owned_addresses;

    /// By service and server.
    std::map<std::pair<std::string, std::string>, SavedOverride> overrides;
    /// By VIP; the empty name is the node.
    std::map<std::string, SavedOverride> maintenance;

    /// By service. Shared with whoever made it, so that a save copies only what has changed; never
    /// null.
    std::map<std::string, std::shared_ptr<const SavedService>> services;
    /// VIP addresses that were announced.
    std::set<Address> announced;
    /// When each servers_file was last read and found good, by path.
    std::map<std::string, WallTime> lists;
    /// What servers' host names stand for.
    std::map<std::string, SavedName> names;
};

/// Compares what is shared by its content.
bool operator==(const State& one, const State& other);

/// The configuration that was last accepted, with everything that it was made of.
struct AcceptedConfig {
    std::string file;
    std::string node;
    FileTexts texts;

    bool operator==(const AcceptedConfig&) const = default;
};

/// The texts of its server lists, to stand in for lists that have become useless. Empty if the
/// configuration is not readable any more.
FileTexts last_lists(const AcceptedConfig& accepted);

/// How long an unclean start counts against us.
inline constexpr std::chrono::minutes crash_window{5};

/// The state of a vipd that starts now: marked as running, with this start noted if the last end
/// was unclean. Starts that are older than `crash_window` are forgotten.
State started(State previous, WallTime now);

/// How many unclean starts there were within `crash_window` before now.
std::size_t recent_unclean_starts(const State& state, WallTime now);

/// Whether saved health still says something: same boot, and not older than 3 intervals and 30 s.
bool health_is_fresh(const State& state, const std::string& boot_id, WallTime now,
                     Duration interval);

}  // namespace vipd
