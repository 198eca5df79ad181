#pragma once
// The inside of Daemon, in three files: the threads and what goes between them (daemon.cpp), what
// operators ask for (daemon_commands.cpp), and the configuration's files (daemon_config.cpp). All
// of it runs on the control thread unless it says otherwise.

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "monitors/engine.hpp"
#include "src/config/read_config.hpp"
#include "src/control/controller.hpp"
#include "src/control/daemon.hpp"
#include "src/control/list_update.hpp"
#include "src/control/list_watcher.hpp"
#include "src/control/resolver.hpp"
#include "src/status/status_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <csignal>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vipd {
namespace asio = boost::asio;

class Daemon::Wiring {
public:
    Wiring(ConfigReading reading, std::unique_ptr<SavedState> saved, DaemonOptions options,
           Log& log);
    ~Wiring();
    void run();

private:
    using Reply = std::function<void(CommandResult)>;

    // daemon.cpp
    TimePoint now();
    void remember();
    void note_saved(const std::optional<StoreError>& error);
    void save_soon();
    void begin_bgp(const ipvs::KernelReport& report);
    void start_speaker(std::vector<bgp::PeerSettings> peers);
    void reconfigure_speaker(const Config& before, std::vector<bgp::PeerSettings> peers);
    void close_sessions();
    void wait_for_signal();
    void handle_signal(int signal);
    /// Runs `handle` of the controller on this thread, then carries what has become to do.
    template <class Input>
    void take(const Input& input);
    void carry_outputs();
    void arm_deadline();
    void publish_soon();
    void publish();
    void feed_watchdog();
    void beat();
    void watch_clock();
    std::vector<ThreadProgress> progress() const;

    // daemon_commands.cpp
    void execute(const Command& command, const Reply& reply);
    template <class Action>
    CommandResult run_command(const Command& command, const Action& action);
    void audit(std::string code, std::string text);
    CommandResult set_log_level(const Command& command, const SetLogLevel& set);
    void begin_restart(const Reply& reply);
    void begin_examination(const Reply& reply);
    void begin_probe_report(const ShowProbes& which, const Reply& reply);
    static void reply_with(const ProbeReport& report, const Reply& reply);

    // daemon_config.cpp
    AcceptedConfig accepted_config(const ConfigReading& reading) const;
    ipvs::KernelOptions kernel_options() const;
    void log_warnings(const ConfigReading& reading);
    void accept(ConfigReading reading);
    void watch_files();
    void when_names_known(HostNames names, std::function<void()> then);
    void review_name_waits();
    void take_answer(const NameAnswer& answer);
    void begin_reload(Reload options, Reply reply);
    void go_on_reloading(Reload options, const Reply& reply,
                         const std::shared_ptr<const AcceptedConfig>& read_beside,
                         ConfigReading reading);
    CommandResult finish_reload(Reload options, ConfigReading reading);
    CommandResult refuse_config(CommandResult result);
    void begin_list_update();
    void finish_list_update(const std::shared_ptr<const AcceptedConfig>& judged_against,
                            ListUpdate update);

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

}  // namespace vipd
