// The threads, what goes between them, and how all of it starts and ends.

#include "src/control/daemon.hpp"

#include "ipvs/memory_backend.hpp"
#include "ipvs/netlink_backend.hpp"
#include "src/control/bgp_settings.hpp"
#include "src/control/log_news.hpp"
#include "src/control/wiring.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace vipd {
namespace {

/// Snapshots are made at most this often: a storm of verdicts must not spend its time on pictures.
constexpr Duration snapshot_pause{50};
/// And at least this often: probes are counted also where nothing happens.
constexpr Duration snapshot_age{5000};
/// And state is saved at most this often.
constexpr Duration save_pause{1000};
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

std::vector<bgp::PeerSettings> read_peers(const Config& config) {
    auto peers = peer_settings(config);
    if (!peers) throw std::runtime_error(peers.error());
    return std::move(*peers);
}

monitors::EngineOptions engine_options(const EngineConfig& config) {
    monitors::EngineOptions options;
    options.workers = config.workers;
    options.most_running = config.max_running;
    return options;
}

}  // namespace

Daemon::Wiring::Wiring(ConfigReading reading, std::unique_ptr<SavedState> saved,
                       DaemonOptions options, Log& log)
    : saved_(std::move(saved)),
      config_(std::make_shared<const Config>(reading.config)),
      options_(std::move(options)),
      log_(log),
      controller_(*config_, Clock::now()) {
    accepted_ = std::make_shared<const AcceptedConfig>(accepted_config(reading));
    include_folders_ = std::move(reading.include_folders);
    log_warnings(reading);
    if (saved_) remember();
    if (config_->bgp) peers_ = read_peers(*config_);
    const auto post = [this](auto&& value) {
        asio::post(io_, [this, value = std::forward<decltype(value)>(value)] { take(value); });
    };
    kernel_ = std::make_unique<ipvs::KernelThread>(
        make_backend(config_->ipvs), make_addresses(config_->ipvs), kernel_options(),
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
