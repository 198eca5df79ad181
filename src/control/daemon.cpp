#include "src/control/daemon.hpp"

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "ipvs/memory_backend.hpp"
#include "ipvs/netlink_backend.hpp"
#include "ipvs/vip_addresses.hpp"
#include "monitors/engine.hpp"
#include "src/control/bgp_settings.hpp"
#include "src/control/controller.hpp"
#include "src/status/status_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <csignal>
#include <stdexcept>
#include <thread>
#include <utility>

namespace vipd {
namespace asio = boost::asio;
namespace {

/// Snapshots are made at most this often: a storm of verdicts must not spend its time on pictures.
constexpr Duration snapshot_pause{50};
/// A thread that has not come round its loop for this long is stuck.
constexpr Duration stuck_after{10000};

std::unique_ptr<ipvs::Backend> make_backend(const IpvsConfig& config) {
    if (config.backend == IpvsConfig::BackendKind::memory) {
        return std::make_unique<ipvs::MemoryBackend>();
    }
    return std::make_unique<ipvs::NetlinkBackend>();
}

std::unique_ptr<ipvs::AddressBackend> make_addresses(const IpvsConfig& config) {
    if (config.backend == IpvsConfig::BackendKind::memory) {
        return std::make_unique<ipvs::MemoryAddresses>();
    }
    return std::make_unique<ipvs::VipAddresses>();
}

ipvs::KernelOptions kernel_options(const IpvsConfig& config, bool observe) {
    ipvs::KernelOptions options;
    options.resync_interval = config.resync_interval;
    options.on_drift = config.on_drift;
    options.read_only = observe;
    return options;
}

monitors::EngineOptions engine_options() {
    monitors::EngineOptions options;
    options.workers = std::max(1U, std::thread::hardware_concurrency() / 2);
    return options;
}

spdlog::level::level_enum level_of(const Event& event) {
    const auto is = [&](std::string_view code) { return event.code == code; };
    if (is("kernel-refused") || is("vip-withdrawn")) return spdlog::level::err;
    if (is("server-down") || is("server-held") || is("service-unfit") || is("drift")) {
        return spdlog::level::warn;
    }
    return spdlog::level::info;
}

void log(const Event& event) {
    spdlog::log(level_of(event), "{} {}: {}", event.code, event.subject, event.text);
}

}  // namespace

class Daemon::Wiring {
public:
    Wiring(Config config, DaemonOptions options);
    void run();

private:
    void start_edges();
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
    TimePoint slowest_thread() const;

    asio::io_context io_{1};
    Config config_;
    DaemonOptions options_;
    Controller controller_;
    asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer deadline_{io_};
    asio::steady_timer publish_timer_{io_};
    asio::steady_timer watchdog_timer_{io_};
    bool publish_pending_ = false;
    bool ready_ = false;

    // Destroyed first, so that nothing of theirs runs when the rest goes.
    std::unique_ptr<StatusServer> status_;
    std::unique_ptr<bgp::Speaker> speaker_;
    std::unique_ptr<ipvs::KernelThread> kernel_;
    std::unique_ptr<monitors::Engine> engine_;
};

Daemon::Wiring::Wiring(Config config, DaemonOptions options)
    : config_(std::move(config)), options_(std::move(options)), controller_(config_, Clock::now()) {
    const auto post = [this](auto&& value) {
        asio::post(io_, [this, value = std::forward<decltype(value)>(value)] { take(value); });
    };
    StatusOptions status;
    status.listen = config_.status.listen;
    status.socket = config_.status.socket;
    status_ = std::make_unique<StatusServer>(status, nullptr);
    if (config_.bgp && !options_.observe) {
        auto peers = peer_settings(*config_.bgp);
        if (!peers) throw std::runtime_error(peers.error());
        speaker_ = std::make_unique<bgp::Speaker>(
            speaker_settings(*config_.bgp),
            [post](bgp::SpeakerEvent event) { post(std::move(event)); });
        speaker_->configure(std::move(*peers));
    }
    kernel_ = std::make_unique<ipvs::KernelThread>(
        make_backend(config_.ipvs), make_addresses(config_.ipvs),
        kernel_options(config_.ipvs, options_.observe),
        [post](ipvs::KernelReport report) { post(std::move(report)); });
    engine_ = std::make_unique<monitors::Engine>(
        engine_options(), [post](monitors::Verdict verdict) { post(std::move(verdict)); });
}

void Daemon::Wiring::run() {
    wait_for_signal();
    start_edges();
    carry_outputs();
    feed_watchdog();
    io_.run();
    ::sd_notify(0, "STOPPING=1");
}

void Daemon::Wiring::start_edges() {
    status_->start();
    publish();
    kernel_->start();
    if (speaker_) speaker_->start();
}

void Daemon::Wiring::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        handle_signal(signal);
        wait_for_signal();
    });
}

void Daemon::Wiring::handle_signal(int signal) {
    if (signal == SIGHUP) return;
    controller_.request_stop(Clock::now());
    carry_outputs();
}

template <class Input>
void Daemon::Wiring::take(const Input& input) {
    controller_.handle(input, Clock::now());
    carry_outputs();
}

void Daemon::Wiring::carry_outputs() {
    auto outputs = controller_.take_outputs();
    if (!outputs.kernel.services.empty() || !outputs.kernel.addresses.empty()) {
        kernel_->want(std::move(outputs.kernel));
    }
    if (speaker_ && !outputs.routes.empty()) speaker_->want(std::move(outputs.routes));
    if (!outputs.probes.empty()) engine_->update(std::move(outputs.probes), {});
    for (auto& event : outputs.events) {
        log(event);
        status_->publish(std::move(event));
    }
    if (outputs.close_sessions) close_sessions();
    if (outputs.finished) return io_.stop();
    arm_deadline();
    publish_soon();
}

void Daemon::Wiring::close_sessions() {
    if (!speaker_) return;
    speaker_->shut_down("vipd is stopping", [this] {
        asio::post(io_, [this] {
            controller_.sessions_closed(Clock::now());
            carry_outputs();
        });
    });
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
        controller_.tick(Clock::now());
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
    auto snapshot = controller_.snapshot(Clock::now());
    snapshot->made_wall = std::chrono::system_clock::now();
    snapshot->config_file = options_.config_file;
    if (!ready_ && snapshot->kernel->read_once) {
        ready_ = true;
        ::sd_notify(0, "READY=1");
    }
    status_->publish(std::move(snapshot));
}

TimePoint Daemon::Wiring::slowest_thread() const {
    auto slowest = std::min(status_->last_progress(), kernel_->last_progress());
    if (speaker_) slowest = std::min(slowest, speaker_->last_progress());
    return std::min(slowest, engine_->last_progress());
}

void Daemon::Wiring::feed_watchdog() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return;
    if (Clock::now() - slowest_thread() < stuck_after) ::sd_notify(0, "WATCHDOG=1");
    watchdog_timer_.expires_after(std::chrono::microseconds(microseconds / 3));
    watchdog_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) feed_watchdog();
    });
}

Daemon::Daemon(Config config, DaemonOptions options)
    : wiring_(std::make_unique<Wiring>(std::move(config), std::move(options))) {}

Daemon::~Daemon() = default;

void Daemon::run() {
    wiring_->run();
}

}  // namespace vipd
