// What operators ask for over HTTP and the socket.

#include "ipvs/host_facts.hpp"
#include "src/base/overloaded.hpp"
#include "src/control/examination.hpp"
#include "src/control/wiring.hpp"

#include <fmt/format.h>

#include <utility>

namespace vipd {
namespace {

/// For the answer to `vipctl restart` to reach its asker before the process goes.
constexpr Duration reply_time{200};

}  // namespace

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

}  // namespace vipd
