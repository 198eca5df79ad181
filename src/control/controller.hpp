#pragma once
// Owns the model and runs policy over it: what was found comes in, what is wanted goes out.
// Level-triggered and pure: no thread, no socket, no clock; the control thread feeds it and carries
// its outputs to the edges.

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "monitors/engine.hpp"
#include "src/config/config.hpp"
#include "src/config/read_config.hpp"
#include "src/control/control_probes.hpp"
#include "src/control/deadlines.hpp"
#include "src/control/departure.hpp"
#include "src/control/event_log.hpp"
#include "src/control/model.hpp"
#include "src/control/name_table.hpp"
#include "src/control/verdict_latency.hpp"
#include "src/control/vip_paths.hpp"
#include "src/policy/brake.hpp"
#include "src/policy/stop_sequence.hpp"
#include "src/policy/suspicion.hpp"
#include "src/state/state.hpp"
#include "src/status/command.hpp"
#include "src/status/probe_report.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vipd {

/// A server of a service, as an operator names it.
struct ServerName {
    std::string service;
    std::string server;

    auto operator<=>(const ServerName&) const = default;
};

/// What an operator wants of a server at run time; beats the configuration until reset.
struct AdminOverride {
    Admin state = Admin::enabled;
    std::string who;
    std::string why;
    WallTime since;
    std::optional<TimePoint> until;
};

/// A VIP, or the whole node, was asked to leave for a while.
struct MaintenanceState {
    TimePoint since;
    std::string who;
    std::string why;
    std::optional<TimePoint> until;
};

/// Servers and where they are, by host name.
using ServersByName = std::map<std::string, std::vector<std::pair<PoolPlace, const Server*>>>;

/// What is known of one servers_file.
struct ListState {
    /// When it was last read and found good; what was in it then is used.
    std::optional<TimePoint> good_at;
    /// Why its newest version is not used.
    std::optional<std::string> problem;
};

/// A change that somebody else made to our part of the kernel's table.
struct Drift {
    std::string subject;
    std::string text;
    TimePoint at;
};

/// What the edges are to do, as a difference to what they were told before.
struct Outputs {
    ipvs::WantedChange kernel;
    bgp::WantedRoutes routes;
    std::vector<monitors::ProbePlan> probes;
    std::vector<monitors::ProbeId> stopped_probes;
    std::vector<Event> events;
    /// Host names to ask the DNS for.
    std::vector<NameQuestion> questions;
    /// A name that no server in use has is resolved now: a list of servers that could not be used
    /// may be of use again.
    bool reread_lists = false;
    /// Every route known before this start is wanted again, or never will be: End-of-RIB.
    bool initial_set_complete = false;
    /// Something that is to survive a restart has changed: save state().
    bool save_state = false;
    /// Send Cease and close all sessions, then call sessions_closed().
    bool close_sessions = false;
    /// The planned stop is over: exit.
    bool finished = false;
};

/// "text-https/cp1", "text-https ipv4": as events and alerts name them.
std::string subject(const Service& service, const Server& server);
std::string subject(const Service& service, const Pool& pool);
std::string subject(const Vip& vip, const VipAddress& address);

/// "ada: repair", or "ada" when no cause was given.
std::string by_whom(const std::string& who, const std::string& why);
/// The same of the asker of a command: "ada (uid 1000): repair", "uid 0" if he does not say who he
/// is.
std::string by_whom(const Command& command);

class Controller {
public:
    /// Nothing is known and nothing is wanted until the kernel's table has been read.
    Controller(Config config, TimePoint now);

    /// What an earlier run has saved; to be called before anything else, if at all.
    void restore(const State& state, const std::string& boot_id, TimePoint now, WallTime wall);
    /// The table holds some of the services that are configured: it can be adopted.
    bool finds_its_own(const ipvs::Table& table) const;
    /// What is to survive a restart; the caller adds what it knows of the process itself. Once
    /// asked for, it is to be asked for again while servers are probed: what is saved ages.
    State state(TimePoint now, WallTime wall);

    void handle(const monitors::Verdict& verdict, TimePoint now);
    void handle(const monitors::Evidence& evidence, TimePoint now);
    void handle(const ipvs::KernelReport& report, TimePoint now);
    void handle(const bgp::SpeakerEvent& event, TimePoint now);
    /// A new configuration that has been checked and found good; what stays keeps all that is known
    /// of it.
    void reload(Config config, TimePoint now);
    /// The same configuration with other servers in it, because a list of them has changed.
    void update_lists(Config config, TimePoint now);
    /// All lists of servers were read just now; of those in `stale` an earlier version is used, and
    /// that is an alert.
    void note_lists(const std::vector<StaleList>& stale, TimePoint now);
    /// Files of the configuration that are not on disk what they are in use; that is an alert.
    void note_not_loaded(std::vector<std::string> files) { not_loaded_ = std::move(files); }
    /// What the DNS says of a name. What follows from it may wait for the answers of others.
    void handle(const NameAnswer& answer, TimePoint now);
    /// Host names of a configuration that may be loaded are to be known.
    void look_up(const HostNames& names, TimePoint now);
    /// Answers that were not taken because of what they would do are taken all the same.
    void take_refused_answers(TimePoint now);
    const NameTable& names() const { return names_; }
    /// As it runs: with what host names stand for.
    const Config& config() const { return config_; }
    /// An operator's command; answered at once, what follows from it is in the outputs.
    CommandResult execute(const Command& command, const SetAdmin& set, TimePoint now);
    CommandResult execute(const Command& command, const Maintenance& maintenance, TimePoint now);
    /// A configuration was found and is not used, and why; an alert until a reload succeeds.
    void config_rejected(std::string why, TimePoint now);
    /// So many unclean ends of vipd within five minutes that routers are not told to keep our
    /// routes over this start; an alert for the next five minutes.
    void crash_loop(std::size_t unclean_ends, TimePoint now);
    /// State was saved, or why it could not be; told when that changes, and an alert as long as it
    /// lasts.
    void state_saved(std::optional<std::string> problem);
    /// The wall clock was set by so much (or time passed that the steady clock did not see: the
    /// host slept); an event, and an alert for a while unless it is set back.
    void clock_set(Duration by, TimePoint now);
    /// A planned stop (SIGTERM); asked again, its waits are skipped.
    void request_stop(TimePoint now);
    /// All sessions have been closed after close_sessions.
    void sessions_closed(TimePoint now);
    /// "text-https/cp1 http"; empty if the probe is not known any more.
    std::string probe_subject(monitors::ProbeId id) const;
    /// Something may be due; harmless when nothing is.
    void tick(TimePoint now);

    /// When tick() must be called at the latest.
    std::optional<TimePoint> deadline() const;
    /// What has become to do since the last call.
    Outputs take_outputs();
    EventLog& events() { return events_; }
    /// Everything that peers are to be told now, for a speaker that starts anew.
    bgp::WantedRoutes wanted_routes() const;

    /// The probes of a server, without what they found: the engine knows that. Empty if there is no
    /// such server, or nothing looks at it.
    ProbeReport probes_of(const ServerName& name) const;

    /// A picture for the status thread. Views of services and VIPs that have not changed are shared
    /// with the last one.
    std::shared_ptr<Snapshot> snapshot(TimePoint now);

private:
    void begin(TimePoint now);
    void adopt(const ipvs::Table& table, TimePoint now);
    void observe_table(const ipvs::Table& table, TimePoint now);
    void observe_applied(const ipvs::Applied& applied);
    void observe_services(const ipvs::KernelReport& report, TimePoint now);
    void disown(const ipvs::ServiceKey& key);
    void observe_statistics(const ipvs::KernelReport& report);
    void observe_refusals(const ipvs::KernelReport& report);
    void observe_unmade(const ipvs::KernelReport& report);
    void observe_addresses(const ipvs::KernelReport& report);
    void observe_kernel(const ipvs::KernelReport& report, TimePoint now);

    void decide_everything(TimePoint now);
    void decide_touched(const ipvs::KernelReport& report, TimePoint now);
    void decide_pool_of(PoolPlace place, TimePoint now);
    /// Whether its VIP is to be decided as well.
    bool decide_pool_only(PoolPlace place, TimePoint now);
    void describe_members(PoolPlace place, TimePoint now);
    void note_due(PoolPlace place, const std::optional<TimePoint>& when);
    void note_pending(PoolPlace place, TimePoint now);
    void note_pending(const Vip& vip, VipAddress& address, TimePoint now);
    void note_pending_routes(TimePoint now);
    void note_due(const Vip& vip);
    std::optional<std::string> owed(const Vip& vip, const VipAddress& address) const;
    void tell_overdue(const std::optional<PendingStep>& before,
                      const std::optional<PendingStep>& after, const std::string& subject);
    PoolRules pool_rules(PoolPlace place, TimePoint now);
    bool take_decision(const Service& service, Pool& pool, PoolDecision decision, TimePoint now);
    void decide_vip(std::size_t vip, std::optional<EventId> cause, TimePoint now);
    std::optional<TimePoint> note_leaving(const Vip& vip, AnnounceInput& input,
                                          TimePoint now) const;
    bool is_braked(const Vip& vip) const;
    bool is_braked(const Vip& vip, const VipAddress& address, bool leaving, TimePoint now) const;
    void review_brake(TimePoint now);
    std::string brake_text() const;
    void decide_address(Vip& vip, VipAddress& address, AnnounceInput input,
                        std::optional<EventId> cause, TimePoint now);
    void apply_verdict(const ProbePlace& place, const monitors::Verdict& verdict, TimePoint now);
    void freeze(const ProbePlace& place, const monitors::Verdict& verdict, TimePoint now);
    void note_control(const monitors::Verdict& verdict, TimePoint now);
    void doubt(Suspicion suspicion);
    void doubt_by_control(TimePoint now);
    Duration time_to_come_back() const;
    void review_doubt(TimePoint now);
    void judge_server(const Service& service, Pool& pool, Server& server, std::string because,
                      TimePoint now);
    void note_fitness(const Service& service, Pool& pool, const Fitness& before, TimePoint now);
    void note_drain(PoolPlace place, TimePoint now);
    void want_pool(const Service& service, Pool& pool);
    std::set<std::string> established_peers() const;
    void want_route(VipAddress& address, std::optional<bgp::RouteAttributes> route);

    void change_to(Config config, TimePoint now);
    void take_back_departures(Model& next, TimePoint now);
    void stop_missing_probes(const Model& next);
    void start_new_probes(const Model& next);
    void depart(const Model& previous, TimePoint now);
    void depart_service(const Service& service, const Pool& pool, TimePoint now);
    void want_addresses(const Model& previous);
    void forget_missing_peers();
    void advance_departures(TimePoint now);
    void enter_departure_phase(VipDeparture& departure);

    void ask_due_names(TimePoint now);
    void review_names(TimePoint now);
    std::set<std::string> acceptable_names(TimePoint now);
    std::optional<std::string> objection_to(const std::string& name, const ServersByName& named,
                                            std::map<PoolPlace, std::size_t>& leaving) const;
    void refuse_answer(const std::string& name, const std::string& why, TimePoint now);
    Config proposed_config(const std::set<std::string>& names) const;
    void use_answers(const std::set<std::string>& names, Config next, TimePoint now);
    void note_causes(const std::map<std::string, EventId>& changed);
    void note_name(const std::string& name, const HostName& before);
    std::shared_ptr<const NameViews> name_views() const;
    Reason unresolved_reason(const std::string& host_name) const;
    void need_paths(TimePoint now);
    void want_paths(ipvs::WantedServices wanted);
    void follow_paths();
    void find_paths(Model& next) const;
    std::optional<monitors::VipPath> way_to(const Server& server, const ProbeState& probe) const;

    void override_admin(const ServerName& name, const Command& command, const SetAdmin& set,
                        TimePoint now);
    void apply_overrides();
    std::optional<std::string> leave_refusal(const std::vector<ServerName>& names) const;
    const MaintenanceState* maintenance_of(const Vip& vip) const;
    void expire(TimePoint now);

    void start_all_probes();
    void follow_control();
    void restore_names(const State& state, TimePoint now, WallTime wall);
    void compare_saved_health(PoolPlace place, TimePoint now);
    void forget_saved_health(const Service& service, Server& server);
    void restore_service(Service& service, const SavedService& saved, bool fresh, TimePoint now,
                         WallTime wall);
    void remove_orphans();
    void note_ownership(const ipvs::WantedChange& wanted);
    bool initial_set_complete();
    bool all_answered() const;
    bool all_probed();
    void keep_saved_health_fresh(TimePoint now);

    void advance_stop(TimePoint now);
    void enter_stop_phase(TimePoint now);
    bool keeps_kernel() const;
    void want_nothing_in_kernel();
    StopProgress stop_progress() const;

    std::shared_ptr<const ServiceView> view(const Service& service) const;
    ServerView view(const Server& server, const MemberDecision& decision) const;
    PoolView view(const Pool& pool) const;
    std::shared_ptr<const VipView> view(const Vip& vip) const;
    std::shared_ptr<const KernelView> kernel_view() const;
    std::vector<ServerListView> list_views() const;
    std::vector<Alert> alerts(TimePoint now);
    using AddAlert = std::function<void(std::string, std::string, std::string)>;
    void alert_pools(const AddAlert& add) const;
    void alert_vips(const AddAlert& add) const;
    void alert_overdue(const AddAlert& add) const;
    void alert_kernel(const AddAlert& add, TimePoint now) const;
    void alert_operators(const AddAlert& add, TimePoint now) const;
    void alert_names(const AddAlert& add) const;
    void alert_doubts(const AddAlert& add, TimePoint now) const;

    /// Before config_, which has its addresses from it.
    NameTable names_;
    /// When the answers that came are decided about: many at once are one change.
    std::optional<TimePoint> names_due_;
    Config config_;
    monitors::ProbeId next_probe_ = 1;
    Model model_;
    /// The pool that is being decided; kept only for its memory.
    std::vector<PoolMember> members_;
    /// Pools in which something is being drained, with when the first of it has had its time.
    Deadlines<PoolPlace> drains_;
    /// Pools in which something else is due: a step of slow_start, room for one more to leave, a
    /// step that the kernel has not acknowledged.
    Deadlines<PoolPlace> pools_due_;
    /// VIPs by index in which a wait ends or a step becomes overdue.
    Deadlines<std::size_t> vips_due_;
    /// Private services of probes that go through VIPs.
    VipPaths paths_;
    bool paths_changed_ = false;  // others are ready than when probes were last told
    std::vector<VipDeparture> departing_vips_;
    std::vector<ServiceDeparture> departing_services_;
    TimePoint started_;
    TimePoint start_deadline_;
    bool start_deadline_passed_ = false;
    bool kernel_read_ = false;
    bool kernel_late_ = false;
    bool kernel_in_sync_ = false;
    std::optional<std::string> kernel_error_;
    std::optional<std::string> timeouts_error_;
    std::uint64_t kernel_writes_ = 0;
    std::uint64_t drift_ = 0;
    std::vector<ipvs::Refusal> refusals_;
    std::size_t unmade_count_ = 0;
    std::vector<ipvs::Change> unmade_;  // the first of them
    std::shared_ptr<const ipvs::Statistics> statistics_;
    std::map<std::string, std::shared_ptr<const bgp::PeerStatus>> peers_;
    StopSequence stop_;
    bool sessions_closed_ = false;
    bool initial_set_complete_ = false;
    std::size_t probed_services_ = 0;
    std::vector<std::string> not_loaded_;
    ConfigView config_view_;  // without the file's name, which only the caller knows
    /// When this run began, if it is one of many that ended badly, and what is said of it.
    std::optional<std::pair<TimePoint, std::string>> crash_loop_;
    std::optional<std::string> state_unsaved_;
    std::map<std::string, ListState> lists_;
    /// What vipd made in the kernel, in this run or an earlier one, and may therefore remove.
    std::set<ipvs::ServiceKey> owned_services_;
    std::set<ipvs::VipAddress> owned_addresses_;
    std::map<ServerName, AdminOverride> overrides_;
    /// By VIP name; the empty name is the whole node.
    std::map<std::string, MaintenanceState> maintenance_;
    /// Evidence against ourselves, and the verdicts of down that wait for as long as it lasts.
    std::optional<Suspicion> suspicion_;
    std::optional<TimePoint> next_review_;
    std::map<monitors::ProbeId, monitors::Verdict> frozen_;
    /// The probes of ourselves, and for how long what they said stands after they are well again.
    ControlProbes control_;
    std::optional<TimePoint> control_lingers_;
    /// What keeps checks from running, by the evidence's code.
    std::map<std::string, monitors::Evidence> impaired_;
    /// The last change that somebody else made to our table.
    std::optional<Drift> last_drift_;
    /// By how much the wall clock was set of late, and when last.
    Duration clock_off_{0};
    TimePoint clock_set_at_;
    BrakeDecision brake_;
    /// What the brake looks at has changed since its last decision.
    bool brake_due_ = false;
    VerdictLatency latency_;
    EventLog events_;
    Outputs outputs_;

    /// Views as of the last snapshot; an absent one has changed since.
    std::vector<std::shared_ptr<const ServiceView>> service_views_;
    std::vector<std::shared_ptr<const VipView>> vip_views_;
    std::shared_ptr<const NameViews> name_views_;
    std::map<std::pair<std::string, std::string>, TimePoint> alert_since_;
    /// When health that was saved last must be saved again to count as fresh after a restart;
    /// nothing is saved before the first state().
    std::optional<TimePoint> save_due_;
    /// Saved forms as of the last state(); an absent one has changed since.
    std::vector<std::shared_ptr<const SavedService>> saved_services_;
};

}  // namespace vipd
