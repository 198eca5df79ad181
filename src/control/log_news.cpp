#include "src/control/log_news.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace vipd {
namespace {

constexpr std::array<std::string_view, 2> errors{"kernel-refused", "vip-withdrawn"};
constexpr std::array<std::string_view, 19> warnings{
    "brake-on",     "clock-set",    "config-rejected", "crash-loop",     "drift",
    "server-down",  "server-held",  "service-unfit",   "source-stale",   "state-unsaved",
    "step-overdue", "suspect",      "verdict-frozen",  "vip-braked",     "vip-degraded",
    "peer-lost",    "control-down", "name-stale",      "name-unresolved"};

LogLevel level_of(std::string_view code) {
    if (std::ranges::find(errors, code) != errors.end()) return LogLevel::error;
    if (std::ranges::find(warnings, code) != warnings.end()) return LogLevel::warning;
    return LogLevel::info;
}

}  // namespace

LogRecord log_record(const Event& event) {
    return {event.at, level_of(event.code), event.code, event.subject, event.text,
            event.id, event.cause};
}

void log_news(Log& log, const Controller&, const ipvs::KernelReport& report) {
    if (log.level() > LogLevel::debug) return;
    for (const auto& [change, error] : report.applied) {
        if (error) continue;  // that is an event
        log.write(LogLevel::debug, "kernel-wrote", ipvs::to_string(ipvs::service_of(change)),
                  to_string(change));
    }
}

void log_news(Log& log, const Controller&, const bgp::SpeakerEvent& event) {
    const auto* written = std::get_if<bgp::RoutesWritten>(&event);
    if (written == nullptr || log.level() > LogLevel::debug) return;
    const auto tell = [&](const char* code, const std::vector<bgp::Prefix>& prefixes) {
        for (const auto& prefix : prefixes)
            log.write(LogLevel::debug, code, written->peer, prefix.to_string());
    };
    tell("route-advertised", written->advertised);
    tell("route-withdrawn", written->withdrawn);
}

void log_news(Log& log, const Controller& controller, const monitors::Verdict& verdict) {
    if (log.level() > LogLevel::debug) return;
    log.write(
        LogLevel::debug, "verdict", controller.probe_subject(verdict.id),
        fmt::format("{}: {}", monitors::to_string(verdict.health), verdict.because_of.reason.text));
}

void log_news(Log& log, const Controller&, const monitors::Evidence& evidence) {
    log.write(LogLevel::debug, "evidence", evidence.reason.code, evidence.reason.text);
}

}  // namespace vipd
