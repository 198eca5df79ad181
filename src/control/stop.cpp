// Time, and the planned stop.

#include "src/control/controller.hpp"

#include <algorithm>
#include <set>

namespace vipd {

void Controller::tick(TimePoint now) {
    if (!start_deadline_passed_ && now >= start_deadline_) {
        start_deadline_passed_ = true;
        decide_everything(now);
    }
    if (!kernel_read_ && now >= started_ + step_patience) kernel_late_ = true;
    review_doubt(now);
    if (brake_.eased_since && *brake_.eased_since + config_.brake.window <= now) review_brake(now);
    expire(now);
    ask_due_names(now);
    if (names_due_ && *names_due_ <= now) review_names(now);
    keep_saved_health_fresh(now);
    want_paths(paths_.expire(now));
    for (const auto& place : drains_.due(now))
        decide_pool_of(place, now);
    for (const auto& place : pools_due_.due(now))
        decide_pool_of(place, now);
    for (const auto vip : vips_due_.due(now))
        decide_vip(vip, std::nullopt, now);
    advance_departures(now);
    advance_stop(now);
}

std::optional<TimePoint> Controller::deadline() const {
    auto earliest = stop_.deadline();
    const auto consider = [&](const std::optional<TimePoint>& when) {
        earliest = earlier(earliest, when);
    };
    if (!start_deadline_passed_) consider(start_deadline_);
    if (!kernel_read_ && !kernel_late_) consider(started_ + step_patience);
    consider(save_due_);
    consider(names_.deadline());
    consider(names_due_);
    if (suspicion_) consider(next_review_);
    consider(paths_.deadline());
    if (brake_.eased_since) consider(*brake_.eased_since + config_.brake.window);
    consider(drains_.earliest());
    consider(pools_due_.earliest());
    consider(vips_due_.earliest());
    for (const auto& [name, override] : overrides_)
        consider(override.until);
    for (const auto& [vip, state] : maintenance_)
        consider(state.until);
    for (const auto& departure : departing_vips_)
        consider(departure.sequence.deadline());
    for (const auto& departure : departing_services_)
        consider(departure.until);
    return earliest;
}

void Controller::request_stop(TimePoint now) {
    const bool first = stop_.phase() == StopPhase::running;
    stop_.request(now);
    events_.add("stop-requested", config_.node,
                first ? "a planned stop begins" : "asked again: the waits are skipped");
    if (first) enter_stop_phase(now);
    advance_stop(now);
}

void Controller::sessions_closed(TimePoint now) {
    sessions_closed_ = true;
    advance_stop(now);
}

void Controller::advance_stop(TimePoint now) {
    while (stop_.phase() != StopPhase::running && stop_.advance(stop_progress(), now)) {
        enter_stop_phase(now);
    }
}

void Controller::enter_stop_phase(TimePoint now) {
    events_.add("stop-phase", config_.node, std::string(to_string(stop_.phase())));
    switch (stop_.phase()) {
        case StopPhase::running:
        case StopPhase::settling:
            return;
        case StopPhase::draining:
        case StopPhase::withdrawing:
            for (std::size_t v = 0; v < model_.vips.size(); ++v)
                decide_vip(v, std::nullopt, now);
            return;
        case StopPhase::ceasing:
            outputs_.close_sessions = true;
            return;
        case StopPhase::dataplane:
            want_nothing_in_kernel();
            return;
        case StopPhase::done:
            outputs_.finished = true;
            return;
    }
}

bool Controller::keeps_kernel() const {
    return config_.ipvs.on_stop == IpvsConfig::OnStop::keep || !kernel_read_;
}

void Controller::want_nothing_in_kernel() {
    if (keeps_kernel()) return;
    for (auto& service : model_.services) {
        for (auto& pool : service.pools) {
            outputs_.kernel.services[pool.key] = std::nullopt;
            pool.wanted.reset();
        }
    }
    want_paths(paths_.remove_all());
    paths_changed_ = true;
    follow_paths();
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            outputs_.kernel.addresses[{vip.config.interface, address.address}] = false;
        }
    }
}

StopProgress Controller::stop_progress() const {
    std::set<std::string> told;
    bool present = false;
    for (const auto& vip : model_.vips) {
        for (const auto& address : vip.addresses) {
            told.insert(address.advertised_to.begin(), address.advertised_to.end());
            present = present || address.present;
        }
    }
    const bool programmed =
        paths_.any_programmed() || std::ranges::any_of(model_.services, [](const Service& service) {
            return std::ranges::any_of(service.pools, &Pool::programmed);
        });
    return {.peers_told = told.size(),
            .sessions_closed = sessions_closed_ || !config_.bgp,
            .dataplane_settled = keeps_kernel() || (!programmed && !present)};
}

}  // namespace vipd
