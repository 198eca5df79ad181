#pragma once
// The configuration after reading: plain structs, everything typed, defaults applied, names
// resolved. Not the runtime model, and never JSON. The member initialisers are the built-in
// defaults; etc/vipd.schema.json and docs/configuration.md are held equal to them by tests.

#include "bgp/types.hpp"
#include "ipvs/kernel_thread.hpp"
#include "ipvs/table.hpp"
#include "monitors/check.hpp"
#include "monitors/health.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/config/fraction.hpp"
#include "src/model/admin.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vipd {

struct PeerConfig {
    Address address;
    std::uint16_t port = 179;
    bgp::AsNumber remote_as = 0;
    std::optional<Address> local_address;
    bool passive = false;
    Duration hold_time{9000};
    std::set<Family> families{Family::ipv4, Family::ipv6};
    /// Overrides bgp.next_hop.
    std::map<Family, Address> next_hop;
    /// Path of the TCP MD5 key, resolved against the config file's folder. Read at start and
    /// reload, never at --check.
    std::optional<std::string> password_file;
    std::optional<std::uint8_t> ttl_security_hops;
    std::optional<std::uint8_t> multihop;
    /// RFC 4724's restart time, whole seconds; absent: not offered.
    std::optional<Duration> graceful_restart{30000};
    /// Instead of the VIP's own, for this peer.
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    std::optional<std::uint8_t> prepend;
    /// Besides the VIP's own; sorted, unique.
    std::vector<bgp::Community> communities;
    std::vector<bgp::LargeCommunity> large_communities;
    /// Names of the VIPs that this peer is told of; absent: all.
    std::optional<std::set<std::string>> vips;
    /// More prefixes than this from the peer are not counted, and alerted on.
    std::size_t max_prefixes = 1000;

    bool operator==(const PeerConfig&) const = default;
};

struct BgpConfig {
    bgp::AsNumber local_as = 0;
    bgp::RouterId router_id = 0;
    std::vector<Endpoint> listen;
    std::map<Family, Address> next_hop;
    std::map<std::string, PeerConfig> peers;

    bool operator==(const BgpConfig&) const = default;
};

/// How many of a VIP's services must be fit: "all", "any", {"at_least": n}. at_least is clamped by
/// nothing: 1..services.
struct AnnounceWhen {
    enum class Rule { all, any, at_least } rule = Rule::all;
    unsigned at_least = 1;

    bool operator==(const AnnounceWhen&) const = default;
};

/// What routers are told of a VIP while few of the servers behind it are healthy.
struct DegradedConfig {
    /// It is degraded while a smaller share of a service's servers is up and enabled; absent: below
    /// the floor (depool_threshold).
    std::optional<Fraction> below = {};
    /// That share is divided into so many equal steps; the rest is counted once for each.
    unsigned steps = 1;
    bgp::Worsening worse{.med = 100};
    /// Besides the VIP's own; sorted, unique.
    std::vector<bgp::Community> communities = {};
    std::vector<bgp::LargeCommunity> large_communities = {};

    bool operator==(const DegradedConfig&) const = default;
};

struct VipConfig {
    std::vector<Address> addresses;
    std::string interface = "lo";
    /// Absent only with a single service, where it does not matter.
    std::optional<AnnounceWhen> when;
    /// "families": "together": both families are announced, or none.
    bool families_together = false;
    Duration hold_down{10000};
    /// Between two announcements or changes of attributes, so that routers do not take us for
    /// flapping.
    Duration min_interval{5000};
    bgp::RouteAttributes attributes;
    /// Absent: attributes do not depend on health.
    std::optional<DegradedConfig> degraded = DegradedConfig{};

    bool operator==(const VipConfig&) const = default;
};

struct ServerConfig {
    /// At most one of each family, at least one; with a host name what that stands for now, which
    /// is nothing as the configuration is read (host_names.hpp).
    std::vector<Address> addresses;
    /// Instead of addresses.
    std::optional<std::string> host_name = {};
    /// Absent: the service's port.
    std::optional<std::uint16_t> port;
    std::int32_t weight = 1;
    /// Connections above which it gets no new ones, and below which it gets some again; 0: none.
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    Admin state = Admin::enabled;

    bool operator==(const ServerConfig&) const = default;
};

/// Servers that services share by name.
struct GroupConfig {
    /// The file that lists them, resolved; absent: they are written in the configuration.
    std::optional<std::string> servers_file;
    std::map<std::string, ServerConfig> servers;

    bool operator==(const GroupConfig&) const = default;
};

struct MonitorConfig {
    monitors::Check check;
    /// Port to connect to; absent: the server's (written in the URL, for http).
    std::optional<std::uint16_t> port;
    Duration interval{5000};
    Duration timeout{2000};
    /// While results contradict the verdict; absent: the interval.
    std::optional<Duration> fast_interval;
    /// While down; absent: the interval.
    std::optional<Duration> down_interval;
    /// The local address that probes of a family are sent from; absent: the kernel chooses.
    std::map<Family, Address> source;
    monitors::Thresholds thresholds;
    /// "via": "vip": the server is reached through the VIP, as users reach it.
    bool via_vip = false;
    /// Shown, but does not count for health.
    bool advisory = false;

    bool operator==(const MonitorConfig&) const = default;
};

/// Clients keep their server. Whole seconds; the prefixes say who counts as one client.
struct PersistenceConfig {
    Duration timeout{300000};
    std::uint8_t ipv4_prefix = 32;
    std::uint8_t ipv6_prefix = 128;

    bool operator==(const PersistenceConfig&) const = default;
};

/// A server that begins to carry traffic gets its weight little by little.
struct SlowStartConfig {
    enum class Curve { linear, quadratic } curve = Curve::linear;
    Duration window{60000};
    /// Of its weight, at the start.
    unsigned min_percent = 10;

    bool operator==(const SlowStartConfig&) const = default;
};

/// How many servers of a pool may be taken out for being down within a window: the larger of both.
struct MaxLeavingConfig {
    unsigned count = 1;
    Fraction share = {};
    Duration window{10000};

    bool operator==(const MaxLeavingConfig&) const = default;
};

struct ServiceConfig {
    std::string vip;
    ipvs::Protocol protocol = ipvs::Protocol::tcp;
    /// 0 with a firewall mark, which stands for any port.
    std::uint16_t port = 0;
    /// The service is whatever carries this mark, not protocol and port; 0: none.
    std::uint32_t firewall_mark = 0;
    /// Without persistence, which differs by family: see kernel_options().
    ipvs::ServiceOptions options{.scheduler = "mh",
                                 .scheduler_flags = 0x18,  // mh-port, mh-fallback
                                 .persistence = std::nullopt,
                                 .one_packet = false};
    ipvs::Forwarding forwarding = ipvs::Forwarding::tunnel;
    ipvs::Tunnel tunnel;
    /// The family of the servers' addresses, whatever the VIP's; absent: the VIP's.
    std::optional<Family> outer_family;
    std::optional<PersistenceConfig> persistence;
    Fraction depool_threshold = *Fraction::parse("0.5");
    unsigned min_up = 1;
    Fraction min_up_share;
    /// How long a server that is leaving may keep its connections; UDP has no grace.
    Duration drain_timeout{300000};
    /// Absent: servers get their whole weight at once.
    std::optional<SlowStartConfig> slow_start;
    /// Absent: only the floor keeps servers that are down.
    std::optional<MaxLeavingConfig> max_leaving;
    /// The group's name, when the servers come from one.
    std::optional<std::string> group;
    std::map<std::string, ServerConfig> servers;
    /// Those of them of whose host names no address is known: in no pool until there is one. Filled
    /// by with_addresses() alone.
    std::map<std::string, ServerConfig> unresolved;
    /// Empty means that servers are up without being looked at, and is only accepted when written
    /// out.
    std::vector<MonitorConfig> monitors;

    bool operator==(const ServiceConfig&) const = default;
};

/// What probes through VIPs may use for themselves: each server that is probed so takes one mark
/// and one port of each family, the same number of both ranges.
struct VipPathsConfig {
    std::uint32_t first_mark = 0x10000000;
    std::uint16_t first_port = 20000;
    std::uint16_t count = 10000;

    bool contains(std::uint32_t mark) const {
        return mark >= first_mark && mark - first_mark < count;
    }
    std::uint16_t port_of(std::uint32_t mark) const {
        return static_cast<std::uint16_t>(first_port + (mark - first_mark));
    }
    bool operator==(const VipPathsConfig&) const = default;
};

/// How we look at ourselves, so that a fault of ours is not taken for one of all servers.
struct ControlConfig {
    /// This host's own loopback, of each family in which servers are probed.
    bool loopback = true;
    /// Other hosts that answer as long as we are well, such as the gateway: by ICMP, or where there
    /// is a port by a TCP connection.
    std::vector<Endpoint> addresses;
    /// Also the time for an answer.
    Duration interval{500};

    bool operator==(const ControlConfig&) const = default;
};

/// The probe engine as a whole.
struct EngineConfig {
    unsigned workers = 1;
    /// Probes at one time; 0: three quarters of the limit on open files.
    std::size_t max_running = 0;
    VipPathsConfig vip_paths;
    ControlConfig control;

    bool operator==(const EngineConfig&) const = default;
};

struct StopConfig {
    Duration gshut_wait{5000};
    Duration withdraw_wait{1000};

    bool operator==(const StopConfig&) const = default;
};

/// What to do when almost all VIPs fail at once.
struct BrakeConfig {
    enum class Action { off, alert, announce } action = Action::off;
    /// Fewer VIPs than this never are "almost all".
    unsigned min_vips = 3;
    /// Of the VIPs that were announced.
    Fraction share = *Fraction::parse("0.9");
    /// How close together the failures are.
    Duration window{10000};

    bool operator==(const BrakeConfig&) const = default;
};

struct StatusConfig {
    std::vector<Endpoint> listen{*Endpoint::parse("127.0.0.1:9180")};
    std::string socket = "/run/vipd/vipd.sock";

    bool operator==(const StatusConfig&) const = default;
};

struct IpvsConfig {
    enum class BackendKind { kernel, memory } backend = BackendKind::kernel;
    enum class OnDown { remove, quiesce } on_down = OnDown::remove;
    enum class OnStop { keep, flush } on_stop = OnStop::keep;
    Duration resync_interval{5000};
    ipvs::OnDrift on_drift = ipvs::OnDrift::repair;
    /// What is not named is left as it is.
    ipvs::Timeouts timeouts;
    /// With the memory backend: announce to peers that are not on loopback all the same.
    bool allow_announce = false;

    bool operator==(const IpvsConfig&) const = default;
};

/// How host names of servers are resolved.
struct NamesConfig {
    /// DNS servers to ask; none: those of resolv.conf(5).
    std::vector<Endpoint> servers;

    bool operator==(const NamesConfig&) const = default;
};

struct Config {
    std::string node;
    std::string state_dir = "/var/lib/vipd";
    /// Absent: nothing is announced.
    std::optional<BgpConfig> bgp;
    std::map<std::string, GroupConfig> groups;
    std::map<std::string, VipConfig> vips;
    std::map<std::string, ServiceConfig> services;
    StopConfig stop;
    BrakeConfig brake;
    StatusConfig status;
    IpvsConfig ipvs;
    EngineConfig monitors;
    NamesConfig names;
    /// Absent: the largest (fall + 1) × interval + timeout of all monitors, at most 120 s.
    std::optional<Duration> start_deadline;
    /// How long evidence against ourselves keeps verdicts of down waiting; 0: not at all.
    Duration suspect_max{30000};

    bool operator==(const Config&) const = default;
};

}  // namespace vipd
