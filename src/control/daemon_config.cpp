// The configuration while vipd runs: reloads, lists of servers, and the host names in both.

#include "src/control/bgp_settings.hpp"
#include "src/control/check_reload.hpp"
#include "src/control/wiring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

/// How long a start or a reload waits for host names of which nothing is known.
constexpr Duration names_patience{5000};

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

AcceptedConfig Daemon::Wiring::accepted_config(const ConfigReading& reading) const {
    return {options_.config_file, config_->node, reading.files};
}

ipvs::KernelOptions Daemon::Wiring::kernel_options() const {
    ipvs::KernelOptions options;
    options.resync_interval = config_->ipvs.resync_interval;
    options.on_drift = config_->ipvs.on_drift;
    options.read_only = options_.observe;
    return options;
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

void Daemon::Wiring::log_warnings(const ConfigReading& reading) {
    for (const auto& warning : reading.warnings)
        log_.write(LogLevel::warning, "config-warning", options_.config_file, warning.to_string());
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
    kernel_->configure(kernel_options());
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
    accepted_ = std::make_shared<const AcceptedConfig>(accepted_config(reading));
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

}  // namespace vipd
