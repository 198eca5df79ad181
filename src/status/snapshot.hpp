#pragma once
// What the status thread, vipctl and metrics show: an immutable picture of everything, made by the
// control thread. Parts are shared between snapshots, so that one verdict among 100,000 servers
// copies one service, not all.

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "monitors/engine.hpp"
#include "src/base/histogram.hpp"
#include "src/base/log_level.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"
#include "src/model/admin.hpp"
#include "src/model/placement.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// One monitor's opinion of one server in one family.
struct MonitorView {
    std::string type;
    bool advisory = false;
    monitors::Health health = monitors::Health::unknown;
    Reason reason;  // of the result that led to the verdict
    std::optional<TimePoint> since;
    bool via_vip = false;

    bool operator==(const MonitorView&) const = default;
};

struct ConnectionsView {
    std::uint32_t active = 0;  // established
    std::uint32_t inactive = 0;  // opening or closing
};

struct ServerView {
    std::string name;
    Address address;
    std::optional<std::string> host_name;  // that the address comes from
    std::uint16_t port = 0;
    std::int32_t weight = 0;
    std::uint32_t upper_threshold = 0;  // connections; 0: none
    std::uint32_t lower_threshold = 0;
    monitors::Health health = monitors::Health::unknown;
    Reason health_reason;
    std::optional<TimePoint> health_since;
    /// A verdict of down waits, because there is evidence against ourselves: what it says, and
    /// since when.
    bool suspect = false;
    Reason suspect_reason;
    std::optional<TimePoint> suspect_since;
    Admin admin = Admin::enabled;
    Reason admin_reason;
    Placement placement = Placement::depooled;  // wanted
    Reason placement_reason;
    bool pooled = false;  // acknowledged by the kernel with a weight above 0
    std::optional<std::int32_t> kernel_weight;  // as acknowledged; absent: not there
    /// While it is leaving: its connections as last counted.
    std::optional<ConnectionsView> connections;
    std::vector<MonitorView> monitors;
};

/// A service's pool in one family.
struct PoolView {
    Family family = Family::ipv4;
    ipvs::ServiceKey key;  // its name in the kernel
    Address vip_address;
    bool fit = false;
    Reason fit_reason;
    std::optional<TimePoint> fit_since;
    bool programmed = false;  // the service exists in the kernel, as last acknowledged
    std::size_t configured = 0;  // N
    std::size_t up = 0;  // U: up and enabled
    std::size_t floor = 0;  // F
    std::size_t pooled = 0;  // acknowledged, held ones included
    std::size_t held = 0;
    bool judged = false;  // every enabled server was judged at least once
    std::vector<ServerView> servers;
};

/// A server of whose host name no address is known: it is in no pool.
struct UnresolvedView {
    std::string name;
    std::string host_name;
    Reason reason;
};

struct ServiceView {
    std::string name;
    std::string vip;
    std::string protocol;
    /// 0 where the service is a firewall mark, and that is 0 elsewhere.
    std::uint16_t port = 0;
    std::uint32_t firewall_mark = 0;
    std::string scheduler;
    std::vector<std::string> scheduler_flags;
    std::string forwarding;
    std::optional<std::string> tunnel;  // "gue port 6080 checksum full"; absent: no tunnel
    bool one_packet = false;
    std::optional<std::string> persistence;  // "5m for each /32, /128"; absent: none
    std::string depool_threshold;
    std::vector<PoolView> pools;
    std::vector<UnresolvedView> unresolved;
};

struct VipAddressView {
    Address address;
    Announcement wanted = Announcement::withdrawn;
    Reason reason;
    /// By how many steps what routers are told is degraded; 0: not.
    unsigned degraded = 0;
    TimePoint since;
    bool present = false;  // on the interface, as last acknowledged
    std::vector<std::string> advertised_to;  // peers it was written to
    std::optional<TimePoint> deadline;  // when a wait (hold_down, min_interval) ends
};

struct VipView {
    std::string name;
    std::string interface;
    std::vector<std::string> services;
    std::vector<VipAddressView> addresses;
};

struct KernelView {
    std::string backend;  // "kernel" or "memory"
    bool read_once = false;
    bool in_sync = false;
    std::optional<std::string> error;
    std::uint64_t writes = 0;
    std::uint64_t drift = 0;
    std::vector<ipvs::Refusal> refusals;
    /// Changes that are wanted and left to somebody else, with --observe or when drift is only
    /// reported: how many, and the first of them.
    std::size_t unmade_count = 0;
    std::vector<ipvs::Change> unmade;
};

/// A probe of ourselves.
struct ControlProbeView {
    std::string name;  // "loopback ipv4", "192.0.2.1", "192.0.2.1:179"
    monitors::Health health = monitors::Health::unknown;
    /// Has succeeded since it was configured; else its failure means nothing.
    bool proven = false;
    Reason reason;
};

/// How the configuration came to be the one that runs.
struct ConfigView {
    std::string file;
    TimePoint tried;  // when one was last read, at the start or by a reload
    TimePoint good_at;  // when the one that runs was accepted
    std::uint64_t accepted = 0;  // since the start, which counts
    std::uint64_t rejected = 0;
    std::optional<std::string> problem;  // why the last that was read is not used

    bool operator==(const ConfigView&) const = default;
};

/// A servers_file.
struct ServerListView {
    std::string file;
    std::vector<std::string> groups;  // that take their servers from it
    std::size_t servers = 0;  // in the version that is used
    std::optional<TimePoint> good_at;  // when it was last read and found good
    std::optional<std::string> problem;  // why its newest version is not used
};

/// The host name of a server, or of several.
struct NameView {
    std::string name;
    std::vector<Address> addresses;  // in use; of each family at most one, none: unresolved
    std::optional<TimePoint> good_at;  // when an answer last said so
    std::optional<TimePoint> due;  // when it is asked for again; absent: it is being asked for
    std::optional<std::string> problem;  // why the newest answer is not what is in use
};
using NameViews = std::vector<NameView>;

/// Something an operator should know now.
struct Alert {
    std::string code;  // stable: "held", "pool-empty", …
    std::string subject;  // "text-https/cp1", "peer cr1", "vip text"
    std::string text;
    TimePoint since;

    bool operator==(const Alert&) const = default;
};

struct Event {
    std::uint64_t id = 0;
    std::optional<std::uint64_t> cause;  // the event that led to this one
    std::chrono::system_clock::time_point at;
    std::string code;  // "server-down", "vip-withdrawn", …
    std::string subject;
    std::string text;
};

/// A distribution as Prometheus has it. Histograms of one name follow each other in a snapshot.
struct HistogramView {
    std::string name;  // with the base unit: "vipd_probe_duration_seconds"
    std::string help;
    std::pair<std::string, std::string> label;  // name and value; an empty name: none
    Histogram histogram;
};

struct Snapshot {
    std::string node;
    std::string version;
    TimePoint made;
    std::chrono::system_clock::time_point made_wall;
    TimePoint started;
    bool stopping = false;
    LogLevel log_level = LogLevel::info;
    std::map<std::string, std::shared_ptr<const ServiceView>> services;
    std::map<std::string, std::shared_ptr<const VipView>> vips;
    std::vector<std::shared_ptr<const bgp::PeerStatus>> peers;
    std::shared_ptr<const KernelView> kernel;
    /// What the kernel last counted; absent before it has.
    std::shared_ptr<const ipvs::Statistics> statistics;
    std::vector<ControlProbeView> control_probes;
    ConfigView config;
    std::vector<ServerListView> lists;
    std::shared_ptr<const NameViews> names = std::make_shared<const NameViews>();  // never null
    std::vector<Alert> alerts;
    std::vector<HistogramView> histograms;
    /// What the probe engine counts; absent where there is none.
    std::optional<monitors::EngineStats> probes;
    /// All enabled servers of all pools were judged at least once, or the start deadline has
    /// passed.
    bool verdicts_in = false;
};

}  // namespace vipd
