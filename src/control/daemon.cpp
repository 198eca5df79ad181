#include "src/control/daemon.hpp"

#include "bgp/speaker.hpp"
#include "ipvs/host_facts.hpp"
#include "ipvs/kernel_thread.hpp"
#include "ipvs/memory_backend.hpp"
#include "ipvs/netlink_backend.hpp"
#include "monitors/engine.hpp"
#include "src/base/overloaded.hpp"
#include "src/config/read_config.hpp"
#include "src/control/bgp_settings.hpp"
#include "src/control/check_reload.hpp"
#include "src/control/controller.hpp"
#include "src/control/examination.hpp"
#include "src/control/list_update.hpp"
#include "src/control/list_watcher.hpp"
#include "src/control/log_news.hpp"
#include "src/control/resolver.hpp"
#include "src/status/status_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <list>
#include <stdexcept>
#include <utility>

namespace vipd {
namespace asio = boost::asio;
namespace {

/// Snapshots are made at most this often: a storm of verdicts must not spend its time on pictures.
constexpr Duration snapshot_pause{50};
/// And at least this often: probes are counted also where nothing happens.
constexpr Duration snapshot_age{5000};
/// And state is saved at most this often.
constexpr Duration save_pause{1000};
/// For the answer to `vipctl restart` to reach its asker before the process goes.
constexpr Duration reply_time{200};
/// How long a start or a reload waits for host names of which nothing is known.
constexpr Duration names_patience{5000};
/// A process that dies this often within crash_window is not trusted to keep routes alive (design
/// §4).
constexpr std::size_t distrusted_after = 3;

std::unique_ptr<ipvs::Backend> make_backend(const IpvsConfig& config) {
    if (config.backend == IpvsConfig::BackendKind::memory) {
        return std::make_unique<ipvs::MemoryBackend>();
    }
    return ipvs::open_kernel_table();
}

std::unique_ptr<ipvs::AddressBackend> make_addresses(const IpvsConfig& config) {
    if (config.backend == IpvsConfig::BackendKind::memory) {
        return std::make_unique<ipvs::MemoryAddresses>();
    }
    return ipvs::open_host_addresses();
}

AcceptedConfig accepted_config(const ConfigReading& reading, const Config& config,
                               const std::string& file) {
    return {file, config.node, reading.files};
}

std::vector<bgp::PeerSettings> read_peers(const Config& config) {
    auto peers = peer_settings(config);
    if (!peers) throw std::runtime_error(peers.error());
    return std::move(*peers);
}

ipvs::KernelOptions kernel_options(const IpvsConfig& config, bool observe) {
    ipvs::KernelOptions options;
    options.resync_interval = config.resync_interval;
    options.on_drift = config.on_drift;
    options.read_only = observe;
    return options;
}

monitors::EngineOptions engine_options(const EngineConfig& config) {
    monitors::EngineOptions options;
    options.workers = config.workers;
    options.most_running = config.max_running;
    return options;
}

/// An event is one line, however much has changed.
std::string few_of(const std::vector<std::string>& differences) {
    constexpr std::size_t shown = 5;
    if (differences.empty()) return "no difference";
    const auto end =
        differences.begin() + static_cast<std::ptrdiff_t>(std::min(differences.size(), shown));
    auto text = fmt::format("{}", fmt::join(differences.begin(), end, "; "));
    if (differences.size() > shown)
        text += fmt::format("; and {} more", differences.size() - shown);
    return text;
}

}  // namespace

class Daemon::Wiring {
public:
    Wiring(ConfigReading reading, std::unique_ptr<SavedState> saved, DaemonOptions options,
           Log& log);
    ~Wiring();
    void run();

private:
    TimePoint now();
    void remember();
    void note_saved(const std::optional<StoreError>& error);
    void save_soon();
    void begin_bgp(const ipvs::KernelReport& report);
    void wait_for_signal();
    void handle_signal(int signal);
    /// Runs `handle` of the controller on this thread, then carries what has become to do.
    template <class Input>
    void take(const Input& input);
    void carry_outputs();
    void close_sessions();
    void arm_deadline();
    void publish_soon();
    void publish();
    void feed_watchdog();
    void beat();
    void watch_clock();
    std::vector<ThreadProgress> progress() const;

    void when_names_known(HostNames names, std::function<void()> then);
    void review_name_waits();
    void take_answer(const NameAnswer& answer);

    using Reply = std::function<void(CommandResult)>;
    void execute(const Command& command, const Reply& reply);
    template <class Action>
    CommandResult run_command(const Command& command, const Action& action);
    void begin_restart(const Reply& reply);
    void begin_examination(const Reply& reply);
    void begin_probe_report(const ShowProbes& which, const Reply& reply);
    static void reply_with(const ProbeReport& report, const Reply& reply);
    void log_warnings(const ConfigReading& reading);
    void audit(std::string code, std::string text);
    CommandResult set_log_level(const Command& command, const SetLogLevel& set);
    void start_speaker(std::vector<bgp::PeerSettings> peers);
    void reconfigure_speaker(const Config& before, std::vector<bgp::PeerSettings> peers);
    void begin_reload(Reload options, Reply reply);
    void go_on_reloading(Reload options, const Reply& reply,
                         const std::shared_ptr<const AcceptedConfig>& read_beside,
                         ConfigReading reading);
    CommandResult finish_reload(Reload options, ConfigReading reading);
    CommandResult refuse_config(CommandResult result);
    void begin_list_update();
    void finish_list_update(const std::shared_ptr<const AcceptedConfig>& judged_against,
                            ListUpdate update);
    void accept(ConfigReading reading);
    void watch_files();

    asio::io_context io_{1};
    std::unique_ptr<SavedState> saved_;
    /// Shared with who looks at it on other threads: a new one takes its place, it never changes.
    std::shared_ptr<const Config> config_;
    std::vector<Reply> examination_waits_;
    DaemonOptions options_;
    Log& log_;
    /// What `config_` was read from. Shared with readings under way, which take long for large
    /// configurations.
    std::shared_ptr<const AcceptedConfig> accepted_;
    std::set<std::string> include_folders_;
    Controller controller_;
    asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer deadline_{io_};
    asio::steady_timer publish_timer_{io_};
    asio::steady_timer watchdog_timer_{io_};
    asio::steady_timer heartbeat_{io_};
    asio::steady_timer save_timer_{io_};
    asio::steady_timer restart_timer_{io_};
    /// Until these names are known, or the time for it is over.
    struct NameWait {
        HostNames names;
        asio::steady_timer timer;
    };
    std::list<NameWait> name_waits_;
    std::atomic<TimePoint> control_progress_{Clock::now()};
    std::atomic<TimePoint> kernel_progress_{Clock::now()};
    std::atomic<TimePoint> monitors_progress_{Clock::now()};
    std::atomic<TimePoint> bgp_progress_{Clock::now()};
    /// From the steady clock to the wall clock, as of the last heartbeat.
    std::optional<std::chrono::nanoseconds> clock_offset_;
    bool save_pending_ = false;
    bool bgp_begun_ = false;
    bgp::RestartState restart_;
    std::vector<bgp::PeerSettings> peers_;
    bool publish_pending_ = false;
    TimePoint published_;
    bool ready_ = false;

    // Destroyed first, so that nothing of theirs runs when the rest goes; the status thread before
    // what it looks at.
    std::unique_ptr<bgp::Speaker> speaker_;
    std::unique_ptr<ipvs::KernelThread> kernel_;
    std::unique_ptr<monitors::Engine> engine_;
    std::unique_ptr<StatusServer> status_;
    /// Reads and writes files and asks the DNS, so that a slow disk delays no verdict.
    asio::thread_pool files_{1};
    Resolver resolver_{files_.get_executor(), [this](NameAnswer answer) {
                           asio::post(io_,
                                      [this, answer = std::move(answer)] { take_answer(answer); });
                       }};
    ListWatcher watcher_{files_.get_executor(),
                         [this] { asio::post(io_, [this] { begin_list_update(); }); }};
};

Daemon::Wiring::Wiring(ConfigReading reading, std::unique_ptr<SavedState> saved,
                       DaemonOptions options, Log& log)
    : saved_(std::move(saved)),
      config_(std::make_shared<const Config>(reading.config)),
      options_(std::move(options)),
      log_(log),
      controller_(*config_, Clock::now()) {
    accepted_ = std::make_shared<const AcceptedConfig>(
        accepted_config(reading, *config_, options_.config_file));
    include_folders_ = std::move(reading.include_folders);
    log_warnings(reading);
    if (saved_) remember();
    if (config_->bgp) peers_ = read_peers(*config_);
    const auto post = [this](auto&& value) {
        asio::post(io_, [this, value = std::forward<decltype(value)>(value)] { take(value); });
    };
    kernel_ = std::make_unique<ipvs::KernelThread>(
        make_backend(config_->ipvs), make_addresses(config_->ipvs),
        kernel_options(config_->ipvs, options_.observe),
        [post](ipvs::KernelReport report) { post(std::move(report)); });
    engine_ = std::make_unique<monitors::Engine>(
        engine_options(config_->monitors),
        [post](monitors::Verdict verdict) { post(std::move(verdict)); },
        [post](monitors::Evidence evidence) { post(std::move(evidence)); });
    status_ = std::make_unique<StatusServer>(
        StatusOptions{config_->status.listen, config_->status.socket,
                      [this] { return progress(); }},
        [this](Command command, Reply reply) {
            asio::post(io_, [this, command = std::move(command), reply = std::move(reply)] {
                execute(command, reply);
            });
        });
}

/// The watcher's work and all reading of files must be over before they are gone.
Daemon::Wiring::~Wiring() {
    files_.stop();
    files_.join();
}

/// Time for the controller: its steady clock, and the wall clock that its events bear.
TimePoint Daemon::Wiring::now() {
    controller_.events().set_wall_clock(std::chrono::system_clock::now());
    return Clock::now();
}

void Daemon::Wiring::remember() {
    const auto wall = std::chrono::system_clock::now();
    const auto when = now();
    controller_.restore(saved_->previous(), saved_->boot_id(), when, wall);
    for (const auto& reason : saved_->ignored()) {
        controller_.events().add(reason.code, config_->state_dir, reason.text);
    }
    if (options_.fallback) {
        controller_.config_rejected(*options_.fallback, when);
    }
    saved_->begin(
        controller_.state(when, wall),
        [this](std::optional<StoreError> error) {
            asio::post(io_, [this, error = std::move(error)] { note_saved(error); });
        },
        wall);
    if (!options_.fallback) saved_->accept(*accepted_);
}

void Daemon::Wiring::note_saved(const std::optional<StoreError>& error) {
    controller_.state_saved(error ? std::optional(error->reason.text) : std::nullopt);
    carry_outputs();
}

void Daemon::Wiring::save_soon() {
    if (!saved_ || std::exchange(save_pending_, true)) return;
    save_timer_.expires_after(save_pause);
    save_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        save_pending_ = false;
        const auto wall = std::chrono::system_clock::now();
        saved_->save(controller_.state(now(), wall), wall);
    });
}

void Daemon::Wiring::run() {
    wait_for_signal();
    status_->start();
    publish();
    resolver_.use_servers(config_->names.servers);
    // What servers stand for decides what of the kernel's table is theirs.
    when_names_known(host_names(*config_), [this] { kernel_->start(); });
    beat();
    feed_watchdog();
    watch_files();  // and say at once which of them are not used as they are
    io_.run();
    ::sd_notify(0, "STOPPING=1");
    const auto wall = std::chrono::system_clock::now();
    if (saved_) saved_->end(controller_.state(now(), wall), wall);
}

void Daemon::Wiring::when_names_known(HostNames names, std::function<void()> then) {
    controller_.look_up(names, now());
    const auto wait = name_waits_.insert(
        name_waits_.end(), {std::move(names), asio::steady_timer(io_, names_patience)});
    wait->timer.async_wait([this, wait, then = std::move(then)](const boost::system::error_code&) {
        name_waits_.erase(wait);
        then();
    });
    carry_outputs();
}

/// What is known is not looked at again: with thousands of names there are thousands of answers.
void Daemon::Wiring::review_name_waits() {
    for (auto& wait : name_waits_) {
        auto& names = wait.names;
        while (!names.empty() && controller_.names().is_settled(names.begin()->first))
            names.erase(names.begin());
        if (names.empty()) wait.timer.cancel();
    }
}

void Daemon::Wiring::take_answer(const NameAnswer& answer) {
    controller_.handle(answer, now());
    carry_outputs();
}

/// Peers are told in the OPEN whether the dataplane lived through the restart, so the table is read
/// first.
void Daemon::Wiring::begin_bgp(const ipvs::KernelReport& report) {
    if (bgp_begun_ || !report.table) return;
    bgp_begun_ = true;
    if (!config_->bgp || options_.observe) return;
    const bool kernel = config_->ipvs.backend == IpvsConfig::BackendKind::kernel;
    const bool adopted = kernel && controller_.finds_its_own(*report.table);
    const bool trusted = !saved_ || saved_->unclean_starts() < distrusted_after;
    if (!trusted) controller_.crash_loop(saved_->unclean_starts(), now());
    restart_.restarted = adopted && saved_ && saved_->found();
    restart_.forwarding_preserved = restart_.restarted && trusted;
    restart_.forwarding_persistent = kernel && trusted;
    start_speaker(std::exchange(peers_, {}));
    speaker_->start();
}

void Daemon::Wiring::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        handle_signal(signal);
        wait_for_signal();
    });
}

void Daemon::Wiring::handle_signal(int signal) {
    if (signal == SIGHUP) {
        audit("reload-requested", "by SIGHUP");
        return begin_reload({}, [](const CommandResult&) {});  // its events say what came of it
    }
    if (options_.observe) return io_.stop();  // it has nothing to take back
    controller_.request_stop(now());
    carry_outputs();
}

template <class Input>
void Daemon::Wiring::take(const Input& input) {
    if constexpr (std::is_same_v<Input, ipvs::KernelReport>) begin_bgp(input);
    log_news(log_, controller_, input);
    controller_.handle(input, now());
    carry_outputs();
}

void Daemon::Wiring::carry_outputs() {
    auto outputs = controller_.take_outputs();
    if (!outputs.kernel.services.empty() || !outputs.kernel.addresses.empty() ||
        outputs.kernel.timeouts) {
        kernel_->want(std::move(outputs.kernel));
    }
    if (speaker_ && !outputs.routes.empty()) speaker_->want(std::move(outputs.routes));
    if (!outputs.probes.empty() || !outputs.stopped_probes.empty()) {
        engine_->update(std::move(outputs.probes), std::move(outputs.stopped_probes));
    }
    for (auto& event : outputs.events) {
        log_.write(log_record(event));
        status_->publish(std::move(event));
    }
    if (speaker_ && outputs.initial_set_complete) speaker_->initial_set_complete();
    if (outputs.save_state) save_soon();
    if (outputs.close_sessions) close_sessions();
    if (outputs.finished) return io_.stop();
    if (!outputs.questions.empty()) resolver_.ask(std::move(outputs.questions));
    if (outputs.reread_lists) begin_list_update();
    review_name_waits();
    arm_deadline();
    publish_soon();
}

void Daemon::Wiring::close_sessions() {
    if (!speaker_) return;
    speaker_->shut_down("vipd is stopping", [this] {
        asio::post(io_, [this] {
            controller_.sessions_closed(now());
            carry_outputs();
        });
    });
}

void Daemon::Wiring::execute(const Command& command, const Reply& answer) {
    // The picture goes out first, so that whoever asks next sees what this one did.
    const Reply reply = [this, answer, changed = !only_asks(command)](CommandResult result) {
        if (changed) publish();
        answer(std::move(result));
    };
    std::visit(
        overloaded{
            [&](const Reload& reload) {
                audit("reload-requested",
                      by_whom(command) + (reload.allow_shrink ? ", it may shrink" : ""));
                begin_reload(reload, reply);
            },
            [&](const SetAdmin& set) { reply(run_command(command, set)); },
            [&](const Maintenance& maintenance) { reply(run_command(command, maintenance)); },
            [&](const Restart&) {
                audit("restart-requested", by_whom(command));
                begin_restart(reply);
            },
            [&](const SetLogLevel& set) { reply(set_log_level(command, set)); },
            [&](const Examine&) { begin_examination(reply); },
            [&](const ShowProbes& which) { begin_probe_report(which, reply); },
        },
        command.action);
}

template <class Action>
CommandResult Daemon::Wiring::run_command(const Command& command, const Action& action) {
    auto result = controller_.execute(command, action, now());
    carry_outputs();
    return result;
}

/// Who asked for what concerns all of this daemon.
void Daemon::Wiring::audit(std::string code, std::string text) {
    now();  // for the event's time
    controller_.events().add(std::move(code), config_->node, std::move(text));
    carry_outputs();
}

/// Until the next start.
CommandResult Daemon::Wiring::set_log_level(const Command& command, const SetLogLevel& set) {
    const auto name = to_string(set.level);
    // Told before the level can keep it back.
    audit("log-level", fmt::format("{}, by {}", name, by_whom(command)));
    log_.set_level(set.level);
    return {Outcome::done, fmt::format("the log tells {} and above", name), {}};
}

void Daemon::Wiring::log_warnings(const ConfigReading& reading) {
    for (const auto& warning : reading.warnings)
        log_.write(LogLevel::warning, "config-warning", options_.config_file, warning.to_string());
}

/// The sessions are cut without a NOTIFICATION, so that graceful restart keeps the routes; the
/// kernel is left alone.
void Daemon::Wiring::begin_restart(const Reply& reply) {
    reply({Outcome::done, "vipd exits and is started again by its supervisor", {}});
    restart_timer_.expires_after(reply_time);
    restart_timer_.async_wait([this](const boost::system::error_code&) {
        if (!speaker_) return io_.stop();
        speaker_->close_without_notification([this] { io_.stop(); });
    });
}

/// The host is looked at elsewhere: its files and routes take their time. Whoever asks meanwhile is
/// answered with the same, so that many who ask are no more work than one.
void Daemon::Wiring::begin_examination(const Reply& reply) {
    examination_waits_.push_back(reply);
    if (examination_waits_.size() > 1) return;
    asio::post(files_, [this, config = std::make_shared<const Config>(controller_.config())] {
        const auto services = configured_table(*config);
        const auto findings = examination(*config, services, ipvs::read_host_facts("/", services));
        asio::post(io_, [this, body = doctor_json(config->node, findings)] {
            for (const auto& waiting : std::exchange(examination_waits_, {}))
                waiting({Outcome::done, {}, body});
        });
    });
}

/// Each worker is asked for its part; the last answer completes the report. (Shared by the answers;
/// used on this thread alone.)
void Daemon::Wiring::begin_probe_report(const ShowProbes& which, const Reply& reply) {
    const auto report =
        std::make_shared<ProbeReport>(controller_.probes_of({which.service, which.server}));
    if (report->probes.empty()) return reply_with(*report, reply);
    const auto awaited = std::make_shared<std::size_t>(report->probes.size());
    for (auto& probe : report->probes) {
        engine_->history(probe.id, [this, report, awaited, reply, &probe](auto results) {
            asio::post(io_,
                       [report, awaited, reply, &probe, results = std::move(results)]() mutable {
                           probe.results = std::move(results);
                           if (--*awaited == 0) reply_with(*report, reply);
                       });
        });
    }
}

void Daemon::Wiring::reply_with(const ProbeReport& report, const Reply& reply) {
    reply(
        {Outcome::done, {}, probes_json(report, {Clock::now(), std::chrono::system_clock::now()})});
}

/// The file is read elsewhere: it may be large, and its disk slow.
void Daemon::Wiring::begin_reload(Reload options, Reply reply) {
    asio::post(files_, [this, options, accepted = accepted_, reply = std::move(reply)] {
        auto reading = read_config_file(options_.config_file, last_lists(*accepted));
        asio::post(io_, [this, options, accepted, reply, reading = std::move(reading)]() mutable {
            auto names = reading.ok() ? host_names(reading.config) : HostNames();
            when_names_known(std::move(names), [this, options, accepted, reply,
                                                reading = std::move(reading)]() mutable {
                go_on_reloading(options, reply, accepted, std::move(reading));
            });
        });
    });
}

void Daemon::Wiring::go_on_reloading(Reload options, const Reply& reply,
                                     const std::shared_ptr<const AcceptedConfig>& read_beside,
                                     ConfigReading reading) {
    // Something else was accepted meanwhile: judge again, with its lists.
    if (accepted_ != read_beside) return begin_reload(options, reply);
    if (options.allow_shrink) controller_.take_refused_answers(now());
    reading.config = with_addresses(std::move(reading.config), controller_.names().addresses());
    reply(finish_reload(options, std::move(reading)));
}

CommandResult Daemon::Wiring::finish_reload(Reload options, ConfigReading reading) {
    auto result = check_reload(controller_.config(), reading, options.allow_shrink);
    if (result.outcome != Outcome::done) return refuse_config(std::move(result));
    std::vector<bgp::PeerSettings> peers;
    if (reading.config.bgp) {
        auto settings = peer_settings(reading.config);
        if (!settings) return refuse_config({Outcome::refused, settings.error(), {}});
        peers = std::move(*settings);
    }
    log_warnings(reading);
    const auto when = now();
    const auto before = config_;
    const auto stale = reading.stale_lists;
    accept(std::move(reading));
    controller_.events().add("reloaded", config_->node, result.message);
    controller_.reload(*config_, when);
    controller_.note_lists(stale, when);
    kernel_->configure(kernel_options(config_->ipvs, options_.observe));
    watch_files();
    resolver_.use_servers(config_->names.servers);
    reconfigure_speaker(*before, std::move(peers));
    carry_outputs();
    return result;
}

CommandResult Daemon::Wiring::refuse_config(CommandResult result) {
    controller_.config_rejected(result.message, now());
    carry_outputs();
    return result;
}

/// What runs from now on, and what is compared with at the next start.
void Daemon::Wiring::accept(ConfigReading reading) {
    config_ = std::make_shared<const Config>(std::move(reading.config));
    accepted_ = std::make_shared<const AcceptedConfig>(
        accepted_config(reading, *config_, options_.config_file));
    include_folders_ = std::move(reading.include_folders);
    if (saved_) saved_->accept(*accepted_);
}

void Daemon::Wiring::watch_files() {
    auto files = list_files(*config_);
    for (const auto& [path, text] : accepted_->texts)
        files.insert(path);
    files.insert(include_folders_.begin(), include_folders_.end());
    watcher_.watch(std::move(files));
}

/// The rest of the configuration stays as it was accepted, whatever its files say now.
void Daemon::Wiring::begin_list_update() {
    asio::post(files_, [this, accepted = accepted_, addresses = controller_.names().addresses()] {
        auto update = update_lists(*accepted, DiskFiles(), addresses);
        asio::post(io_, [this, accepted, update = std::move(update)]() mutable {
            finish_list_update(accepted, std::move(update));
        });
    });
}

void Daemon::Wiring::finish_list_update(const std::shared_ptr<const AcceptedConfig>& judged_against,
                                        ListUpdate update) {
    if (accepted_ != judged_against) return begin_list_update();  // a reload came in between
    if (!controller_.names().contains(update.names))
        return when_names_known(std::move(update.names), [this] { begin_list_update(); });
    const auto when = now();
    if (!update.changed.empty()) {
        accept(std::move(update.reading));
        controller_.events().add("lists-changed",
                                 fmt::format("{}", fmt::join(update.changed, ", ")),
                                 few_of(update.differences));
        controller_.update_lists(*config_, when);
    }
    controller_.note_lists(update.stale, when);
    controller_.note_not_loaded(std::move(update.not_loaded));
    carry_outputs();
}

void Daemon::Wiring::start_speaker(std::vector<bgp::PeerSettings> peers) {
    auto settings = speaker_settings(*config_->bgp);
    settings.restart = restart_;
    speaker_ = std::make_unique<bgp::Speaker>(std::move(settings), [this](bgp::SpeakerEvent event) {
        asio::post(io_, [this, event = std::move(event)] { take(event); });
    });
    speaker_->configure(std::move(peers));
}

/// Sessions that are not concerned are not touched; another AS, router id or listening address
/// concerns all of them.
void Daemon::Wiring::reconfigure_speaker(const Config& before,
                                         std::vector<bgp::PeerSettings> peers) {
    if (options_.observe || !bgp_begun_) return;
    const bool same = before.bgp && config_->bgp &&
                      speaker_settings(*before.bgp) == speaker_settings(*config_->bgp);
    restart_ = {};  // a session that starts anew by a reload is no restart
    if (same) return speaker_->configure(std::move(peers));
    speaker_.reset();
    if (before.bgp) {
        for (const auto& [name, peer] : before.bgp->peers) {
            controller_.handle(bgp::SpeakerEvent{bgp::RoutesLost{name}}, now());
        }
    }
    if (!config_->bgp) return;
    start_speaker(std::move(peers));
    speaker_->start();
    speaker_->want(controller_.wanted_routes());
}

void Daemon::Wiring::arm_deadline() {
    const auto when = controller_.deadline();
    if (!when) {
        deadline_.expires_at(TimePoint::max());  // cancels; the same deadline may be armed again
        return;
    }
    if (deadline_.expiry() == *when) return;
    deadline_.expires_at(*when);
    deadline_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        controller_.tick(now());
        carry_outputs();
    });
}

void Daemon::Wiring::publish_soon() {
    if (std::exchange(publish_pending_, true)) return;
    publish_timer_.expires_after(snapshot_pause);
    publish_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) publish();
    });
}

void Daemon::Wiring::publish() {
    publish_pending_ = false;
    published_ = Clock::now();
    auto snapshot = controller_.snapshot(now());
    snapshot->made_wall = std::chrono::system_clock::now();
    snapshot->config.file = options_.config_file;
    snapshot->probes = engine_->stats();
    snapshot->log_level = log_.level();
    if (!ready_ && snapshot->kernel->read_once) {
        ready_ = true;
        ::sd_notify(0, "READY=1");
    }
    status_->publish(std::move(snapshot));
}

/// Asked on the status thread, so only of what the control thread noted at its last heartbeat.
std::vector<ThreadProgress> Daemon::Wiring::progress() const {
    return {{"control", control_progress_.load()},
            {"kernel", kernel_progress_.load()},
            {"monitors", monitors_progress_.load()},
            {"bgp", bgp_progress_.load()}};
}

/// Slewing (adjtime, NTP) is at most 0.5 ms a second: whatever is more was a step.
void Daemon::Wiring::watch_clock() {
    constexpr std::chrono::seconds noticed{2};
    const auto offset =
        std::chrono::system_clock::now().time_since_epoch() - Clock::now().time_since_epoch();
    const auto by = std::chrono::duration_cast<Duration>(
        offset - std::exchange(clock_offset_, offset).value_or(offset));
    if (std::chrono::abs(by) < noticed) return;
    controller_.clock_set(by, now());
    carry_outputs();
}

void Daemon::Wiring::beat() {
    watch_clock();
    control_progress_ = Clock::now();
    kernel_progress_ = kernel_->last_progress();
    monitors_progress_ = engine_->last_progress();
    bgp_progress_ = speaker_ ? speaker_->last_progress() : Clock::now();
    if (Clock::now() - published_ >= snapshot_age) publish_soon();
    heartbeat_.expires_after(std::chrono::seconds(1));
    heartbeat_.async_wait([this](const boost::system::error_code& error) {
        if (!error) beat();
    });
}

void Daemon::Wiring::feed_watchdog() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return;
    auto threads = progress();
    threads.push_back({"status", status_->last_progress()});
    if (all_ok(liveness(threads, Clock::now()))) ::sd_notify(0, "WATCHDOG=1");
    watchdog_timer_.expires_after(std::chrono::microseconds(microseconds / 3));
    watchdog_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) feed_watchdog();
    });
}

Daemon::Daemon(ConfigReading reading, std::unique_ptr<SavedState> saved, DaemonOptions options,
               Log& log)
    : wiring_(std::make_unique<Wiring>(std::move(reading), std::move(saved), std::move(options),
                                       log)) {}

Daemon::~Daemon() = default;

void Daemon::run() {
    wiring_->run();
}

}  // namespace vipd
