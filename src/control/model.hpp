#pragma once
// The runtime model: what is configured, what is known of it, and what was decided about it. Owned
// by the controller alone. Health, admin state and placement are separate facts, stored apart and
// never derived backwards.

#include "ipvs/table.hpp"
#include "monitors/engine.hpp"
#include "src/base/reason.hpp"
#include "src/config/config.hpp"
#include "src/config/vip_path.hpp"
#include "src/policy/announce_policy.hpp"
#include "src/policy/drain.hpp"
#include "src/policy/fitness.hpp"
#include "src/policy/pending_step.hpp"
#include "src/policy/pool_policy.hpp"
#include "src/policy/server_health.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace vipd {

/// One monitor of one server in one family: a probe, and what came of it.
struct ProbeState {
    monitors::ProbePlan plan;
    MonitorVerdict verdict;
    std::optional<TimePoint> since;
    /// Through the VIP: the private service that its packets need. The plan has its way only while
    /// the kernel has that.
    std::optional<VipPathKey> path{};
    /// The verdict comes from an earlier run, and no probe has confirmed it yet.
    bool restored = false;

    bool may_run() const { return !path || plan.path; }
};

struct Server {
    std::string name;
    /// That the address comes from.
    std::optional<std::string> host_name;
    ipvs::DestinationKey destination;
    std::int32_t weight = 1;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    Admin admin = Admin::enabled;
    Reason admin_reason;
    std::vector<ProbeState> probes;

    ServerHealth health;
    std::optional<TimePoint> health_since;
    std::optional<TimePoint> went_down;
    std::optional<std::int32_t> adopted_weight;

    /// Since when it has been leaving (draining, weight 0, or gone from the configuration).
    std::optional<TimePoint> leaving_since;
    /// What the pool policy last decided.
    MemberDecision decided;

    /// Since when it has carried traffic, while its weight climbs (slow_start).
    std::optional<TimePoint> ramps_since;
    /// When it was last taken out for being down.
    std::optional<TimePoint> left_at;

    /// As the kernel last acknowledged; nothing: not there.
    std::optional<ipvs::Destination> in_kernel;
    /// Since when it has had weight 0 there.
    std::optional<TimePoint> quiet_since;
    /// While leaving, as last counted.
    std::optional<Connections> connections;

    /// The kernel has it so now.
    void acknowledge(std::optional<ipvs::Destination> destination, TimePoint now);

    /// Its health says whether it is to carry traffic.
    bool is_enabled() const { return admin == Admin::enabled && weight > 0; }
    /// Towards its pool's U (docs/policy.md).
    bool counts_as_up() const { return is_enabled() && health.health == monitors::Health::up; }
    bool carries_traffic() const { return in_kernel && in_kernel->weight > 0; }
    /// By the last decision; before there was one, in the kernel.
    bool is_to_carry() const {
        return decided.reason.code.empty() ? carries_traffic()
                                           : decided.placement != Placement::depooled;
    }
};

/// A service's servers in one family, behind the VIP's address of that family.
struct Pool {
    ipvs::ServiceKey key;
    Address vip_address;
    std::vector<Server> servers;  // by name
    /// No longer configured, so not of the pool any more, but drained before they go.
    std::vector<Server> leaving;
    /// Found in the kernel at the start and nobody's so far, while there are servers of which no
    /// address is known: left as they are until it is.
    std::map<ipvs::DestinationKey, ipvs::Destination> unclaimed;

    /// The service exists in the kernel, as last acknowledged.
    bool programmed = false;
    std::optional<std::string> refused;

    PoolDecision decision;
    /// Every enabled server has been judged, as of the last decision.
    bool judged = false;
    Fitness fitness;
    std::optional<TimePoint> fit_since;
    /// When one of its servers last went from up to down.
    std::optional<TimePoint> last_fall;
    /// What the kernel thread was last told.
    std::optional<ipvs::Service> wanted;
    /// What of it the kernel has not acknowledged.
    std::optional<PendingStep> pending;
    /// The latest event about this pool, the cause of what follows from it.
    std::optional<std::uint64_t> last_event;
};

/// What its monitors say of it, as far as they have.
ServerHealth judge(const Server& server);

/// How the drain policy sees a server that is leaving.
LeavingServer leaving_server(const Server& server);

/// Every enabled server has been judged at least once.
bool all_judged(const Pool& pool);

struct Service {
    std::string name;
    ServiceConfig config;
    std::vector<Pool> pools;  // one for each address of the VIP
    std::size_t vip = 0;  // index into Model::vips
};

struct VipAddress {
    Address address;
    bool present = false;
    std::optional<std::string> error;
    AnnounceMemory memory;
    /// When a failure withdrew it, as long as it is not ready again.
    std::optional<TimePoint> failed_at;
    /// Withdrawn by that, but told to routers all the same, with worse attributes.
    bool braked = false;
    Reason reason;
    TimePoint since;
    std::optional<TimePoint> deadline;
    /// What the speaker was last told; nothing: withdrawn.
    std::optional<bgp::RouteAttributes> wanted;
    std::set<std::string> advertised_to;
    /// The address on the interface, or the route in an established session.
    std::optional<PendingStep> pending;

    /// What routers are to be told.
    Announcement announcement() const {
        return braked ? Announcement::announced : memory.announcement;
    }
};

struct Vip {
    std::string name;
    VipConfig config;
    std::vector<VipAddress> addresses;
    std::vector<std::size_t> services;  // indexes into Model::services
};

/// Where a probe belongs.
struct ProbePlace {
    std::size_t service = 0;
    std::size_t pool = 0;
    std::size_t server = 0;
    std::size_t probe = 0;
};

/// Where a kernel service belongs.
struct PoolPlace {
    std::size_t service = 0;
    std::size_t pool = 0;

    auto operator<=>(const PoolPlace&) const = default;
};

struct Model {
    std::vector<Service> services;  // by name
    std::vector<Vip> vips;  // by name
    std::unordered_map<monitors::ProbeId, ProbePlace> probes;
    std::map<ipvs::ServiceKey, PoolPlace> pools;
};

inline const ProbeState& probe_at(const Model& model, const ProbePlace& place) {
    return model.services[place.service]
        .pools[place.pool]
        .servers[place.server]
        .probes[place.probe];
}

/// Every probe, with its server.
template <class Visit>
void each_probe(Model& model, Visit visit) {
    for (auto& service : model.services) {
        for (auto& pool : service.pools) {
            for (auto& server : pool.servers) {
                for (auto& probe : server.probes)
                    visit(server, probe);
            }
        }
    }
}

/// A model of the configuration in which nothing is known yet. Probe ids are taken from
/// `next_probe` on.
Model build_model(const Config& config, monitors::ProbeId& next_probe, TimePoint now);

/// Why a server has the admin state that the configuration gives it.
Reason configured_reason(Admin state);

/// Fills Model::probes, Model::pools, Vip::services and Service::vip from the rest; to be called
/// after ids have changed.
void index(Model& model);

/// The longest that first verdicts are waited for (design §4, start).
Duration start_deadline(const Config& config);

}  // namespace vipd
