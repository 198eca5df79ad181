// What an operator should know now (docs/operations.md). Made anew for every snapshot, so that no
// alert outlives its cause.

#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace vipd {
namespace {

using monitors::Health;

/// A drift that was repaired at once is told for so long.
constexpr std::chrono::minutes drift_shown{5};
/// And a clock that was set: times of events before and after do not go together.
constexpr std::chrono::minutes clock_set_shown{5};
/// Evidence is repeated every second while it lasts; a probe may come less often.
constexpr std::chrono::seconds evidence_shown{30};
/// An override or maintenance that ends this soon is told of.
constexpr std::chrono::minutes expiry_told{5};
/// Servers that go down within this time of each other are taken as one failure …
constexpr std::chrono::seconds at_once{10};
/// … when they are so many, and at least half of those that were up.
constexpr std::size_t correlated_from = 4;

struct Fallen {
    std::size_t lately = 0;
    std::size_t still_up = 0;
};

bool is_recent(const std::optional<TimePoint>& time, TimePoint now) {
    return time && now - *time < at_once;
}

/// Asked for each snapshot: servers are looked at only in pools where one has fallen of late.
Fallen count_fallen(const Model& model, TimePoint now) {
    Fallen fallen;
    for (const auto& service : model.services) {
        for (const auto& pool : service.pools) {
            fallen.still_up += pool.decision.up;
            if (!is_recent(pool.last_fall, now)) continue;
            fallen.lately += static_cast<std::size_t>(
                std::ranges::count_if(pool.servers, [&](const Server& server) {
                    return server.health.health == Health::down && is_recent(server.went_down, now);
                }));
        }
    }
    return fallen;
}

std::string clock_text(Duration by) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(by).count();
    return fmt::format(
        "the wall clock was set {} by {} s (or the host slept); decisions go by another clock",
        seconds < 0 ? "back" : "forward", std::abs(seconds));
}

}  // namespace

void Controller::alert_pools(const AddAlert& add) const {
    for (const auto& service : model_.services) {
        for (const auto& pool : service.pools) {
            const auto& decided = pool.decision;
            if (decided.held > 0) {
                add("held", subject(service, pool),
                    fmt::format("{} down servers are kept in the pool: {} of {} up, floor {}",
                                decided.held, decided.up, pool.servers.size(), decided.floor));
            }
            if (pool.refused)
                add("not-programmed", subject(service, pool),
                    "the kernel refuses the service: " + *pool.refused);
            if (!kernel_read_) continue;
            if (decided.enabled == 0) {
                add("all-disabled", subject(service, pool), "no server of the pool is enabled");
                continue;
            }
            if (decided.up == 0 && all_judged(pool))
                add("pool-empty", subject(service, pool), "no server of the pool is up");
            if (decided.enabled < decided.floor) {
                add("floor-broken", subject(service, pool),
                    fmt::format("{} of {} servers are enabled, fewer than the floor of {}",
                                decided.enabled, decided.configured, decided.floor));
            }
        }
    }
}

void Controller::alert_vips(const AddAlert& add) const {
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            if (address.announcement() == Announcement::withdrawn && kernel_read_)
                add("vip-withdrawn", subject(vip, address), address.reason.text);
            if (address.memory.degraded > 0 && !address.braked)
                add("degraded", subject(vip, address), address.reason.text);
            if (address.error) add("address-refused", subject(vip, address), *address.error);
        }
    }
    for (const auto& [name, peer] : peers_) {
        if (peer->state == bgp::SessionState::established) continue;
        add("peer-down", name,
            fmt::format("{}: {}", bgp::to_string(peer->state), peer->reason_text));
    }
}

void Controller::alert_kernel(const AddAlert& add, TimePoint now) const {
    if (timeouts_error_) add("timeouts-refused", config_.node, *timeouts_error_);
    if (kernel_error_) {
        add("kernel-unreadable", config_.node, *kernel_error_);
    } else if (!kernel_read_ && kernel_late_) {
        add("kernel-unreadable", config_.node, "the table has not been read since the start");
    }
    for (const auto& refusal : refusals_) {
        const auto& service = ipvs::service_of(refusal.change);
        const bool whole = std::holds_alternative<ipvs::AddService>(refusal.change);
        if (whole && !paths_.owns(service)) continue;  // its pool says so
        add("not-programmed", ipvs::to_string(service),
            to_string(refusal.change) + ": " + refusal.error.text);
    }
    if (paths_.lacking() > 0) {
        add("not-programmed", "monitors.vip_paths",
            fmt::format("{} servers cannot be probed through the VIP: somebody else uses the marks "
                        "of the range",
                        paths_.lacking()));
    }
    if (last_drift_ && now - last_drift_->at < drift_shown)
        add("drift", last_drift_->subject, last_drift_->text);
}

void Controller::alert_operators(const AddAlert& add, TimePoint now) const {
    for (const auto& [file, list] : lists_) {
        if (list.problem) add("source-stale", file, *list.problem);
    }
    if (crash_loop_ && now - crash_loop_->first < crash_window)
        add("crash-loop", config_.node, crash_loop_->second);
    if (state_unsaved_) add("state-unsaved", config_.state_dir, *state_unsaved_);
    if (config_view_.problem) {
        add("config-rejected", config_.node, *config_view_.problem);
    } else if (!not_loaded_.empty()) {
        add("config-not-loaded", config_.node,
            fmt::format("not on disk as in use: {}; vipctl reload takes it",
                        fmt::join(not_loaded_, ", ")));
    }
    for (const auto& [vip, state] : maintenance_) {
        const auto& subject = vip.empty() ? config_.node : vip;
        add("maintenance", subject, by_whom(state.who, state.why));
        if (state.until && *state.until - now < expiry_told)
            add("override-expiring", subject, "maintenance is about to end");
    }
    for (const auto& [name, override] : overrides_) {
        if (!override.until || *override.until - now >= expiry_told) continue;
        add("override-expiring", name.service + "/" + name.server,
            fmt::format("{} by {} is about to end", to_string(override.state),
                        by_whom(override.who, override.why)));
    }
}

void Controller::alert_doubts(const AddAlert& add, TimePoint now) const {
    if (suspicion_) {
        const bool frozen =
            decide_doubt(suspicion_, config_.suspect_max, now).doubt == Doubt::frozen;
        add("suspect", config_.node,
            fmt::format("{}: {}", frozen ? "verdicts of down wait" : "verdicts apply all the same",
                        suspicion_->reason.text));
    }
    for (const auto& probe : control_.probes()) {
        if (probe.health != Health::down) continue;
        add("control-probe", probe.name,
            probe.reason.text + (probe.proven ? "" : "; never was well, so it is no evidence"));
    }
    if (clock_off_ != Duration{} && now - clock_set_at_ < clock_set_shown)
        add("clock-set", config_.node, clock_text(clock_off_));
    for (const auto& [code, evidence] : impaired_) {
        if (now - evidence.at < evidence_shown) add("checks-impaired", code, evidence.reason.text);
    }
    if (brake_.since) add("brake", config_.node, brake_text());
    const auto fallen = count_fallen(model_, now);
    if (fallen.lately >= correlated_from && fallen.lately >= fallen.still_up) {
        add("correlated-failures", config_.node,
            fmt::format("{} servers went down within {} s, {} are up", fallen.lately,
                        at_once.count(), fallen.still_up));
    }
}

void Controller::clock_set(Duration by, TimePoint now) {
    constexpr std::chrono::seconds even{2};
    clock_off_ = now - clock_set_at_ < clock_set_shown ? clock_off_ + by : by;
    if (std::chrono::abs(clock_off_) < even) clock_off_ = Duration{};
    clock_set_at_ = now;
    events_.add("clock-set", config_.node, clock_text(by));
}

std::vector<Alert> Controller::alerts(TimePoint now) {
    std::vector<Alert> found;
    const AddAlert add = [&](std::string code, std::string subject, std::string text) {
        found.push_back({std::move(code), std::move(subject), std::move(text), now});
    };
    alert_pools(add);
    alert_vips(add);
    alert_overdue(add);
    alert_kernel(add, now);
    alert_operators(add, now);
    alert_names(add);
    alert_doubts(add, now);

    decltype(alert_since_) since;
    for (auto& alert : found) {
        const std::pair key(alert.code, alert.subject);
        const auto known = alert_since_.find(key);
        alert.since = known == alert_since_.end() ? now : known->second;
        since.emplace(key, alert.since);
    }
    alert_since_ = std::move(since);
    return found;
}

}  // namespace vipd
