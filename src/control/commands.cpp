// What an operator asked for at run time: overrides of servers' admin state, maintenance of VIPs.

#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

/// What he says, and what the kernel says of him.
std::string who(const Command& command) {
    const auto uid = fmt::format("uid {}", command.caller.uid);
    return command.who.empty() ? uid : fmt::format("{} ({})", command.who, uid);
}

std::string ttl_text(const std::optional<Duration>& ttl) {
    if (!ttl) return {};
    return fmt::format(", for {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(*ttl).count());
}

bool concerns(const SetAdmin& set, const std::string& service, const std::string& server) {
    return server == set.server && set.service.value_or(service) == service;
}

}  // namespace

std::string by_whom(const std::string& who, const std::string& why) {
    return why.empty() ? who : who + ": " + why;
}

std::string by_whom(const Command& command) {
    return by_whom(who(command), command.why);
}

CommandResult Controller::execute(const Command& command, const SetAdmin& set, TimePoint now) {
    std::vector<ServerName> names;
    for (const auto& [service, config] : config_.services) {
        for (const auto* servers : {&config.servers, &config.unresolved}) {
            for (const auto& [server, settings] : *servers) {
                if (concerns(set, service, server)) names.push_back({service, server});
            }
        }
    }
    if (names.empty()) {
        const auto where = set.service ? "service \"" + *set.service + "\"" : "any service";
        return {Outcome::failed, fmt::format("no server \"{}\" in {}", set.server, where), {}};
    }
    if (set.state.value_or(Admin::enabled) != Admin::enabled && !set.force) {
        if (const auto refusal = leave_refusal(names)) {
            events_.add("admin-refused", set.server,
                        fmt::format("{}; asked by {}", *refusal, by_whom(command)));
            return {Outcome::refused, *refusal, {}};
        }
    }
    for (const auto& name : names)
        override_admin(name, command, set, now);
    decide_everything(now);
    const auto state = set.state ? to_string(*set.state) : std::string_view("as configured");
    return {Outcome::done,
            fmt::format("{} is {} in {} service{}", set.server, state, names.size(),
                        names.size() == 1 ? "" : "s"),
            {}};
}

void Controller::override_admin(const ServerName& name, const Command& command, const SetAdmin& set,
                                TimePoint now) {
    const auto subject = name.service + "/" + name.server;
    if (!set.state) {
        overrides_.erase(name);
        events_.add("admin-reset", subject, by_whom(command));
    } else {
        AdminOverride override{*set.state, who(command), command.why, events_.wall_clock(), {}};
        if (set.ttl) override.until = now + *set.ttl;
        overrides_[name] = std::move(override);
        events_.add(fmt::format("admin-{}", to_string(*set.state)), subject,
                    by_whom(command) + ttl_text(set.ttl));
    }
    outputs_.save_state = true;
    apply_overrides();
}

/// Overrides beat the configuration; one whose server is gone, or unresolved, waits for it to come
/// back.
void Controller::apply_overrides() {
    for (std::size_t s = 0; s < model_.services.size(); ++s) {
        auto& service = model_.services[s];
        if (!service.config.unresolved.empty()) service_views_[s].reset();
        for (auto& pool : service.pools) {
            for (auto& server : pool.servers) {
                const auto before = std::pair(server.admin, server.admin_reason);
                const auto& configured = service.config.servers.at(server.name);
                server.admin = configured.state;
                server.admin_reason = configured_reason(configured.state);
                const auto found = overrides_.find({service.name, server.name});
                if (found != overrides_.end()) {
                    server.admin = found->second.state;
                    server.admin_reason = {"operator",
                                           by_whom(found->second.who, found->second.why)};
                }
                if (before != std::pair(server.admin, server.admin_reason))
                    service_views_[s].reset();
            }
        }
    }
}

/// The first pool that would be left with too little, in words.
std::optional<std::string> Controller::leave_refusal(const std::vector<ServerName>& names) const {
    for (const auto& service : model_.services) {
        for (const auto& pool : service.pools) {
            std::size_t leaving = 0;
            for (const auto& server : pool.servers) {
                const bool named =
                    std::ranges::find(names, ServerName{service.name, server.name}) != names.end();
                leaving += named && server.counts_as_up() ? 1U : 0U;
            }
            if (leaving == 0 || pool.decision.up - leaving >= pool.decision.floor) continue;
            return fmt::format(
                "{}: {} of {} servers are up and at least {} must stay "
                "(depool_threshold {}); --force overrides",
                subject(service, pool), pool.decision.up, pool.servers.size(), pool.decision.floor,
                service.config.depool_threshold.to_string());
        }
    }
    return std::nullopt;
}

CommandResult Controller::execute(const Command& command, const Maintenance& maintenance,
                                  TimePoint now) {
    const auto subject = maintenance.vip.value_or(config_.node);
    if (maintenance.vip && !config_.vips.contains(*maintenance.vip)) {
        return {Outcome::failed, fmt::format("no VIP \"{}\"", *maintenance.vip), {}};
    }
    const auto key = maintenance.vip.value_or("");
    if (!maintenance.on) {
        if (maintenance_.erase(key) == 0) {
            std::string others;
            for (const auto& [vip, state] : maintenance_)
                others += (others.empty() ? "; in maintenance: " : ", ") +
                          (vip.empty() ? config_.node : vip);
            return {Outcome::done, subject + " was not in maintenance" + others, {}};
        }
        events_.add("maintenance-ended", subject, by_whom(command));
    } else {
        MaintenanceState state{now, who(command), command.why, std::nullopt};
        if (maintenance.ttl) state.until = now + *maintenance.ttl;
        maintenance_[key] = std::move(state);
        events_.add("maintenance-begun", subject, by_whom(command) + ttl_text(maintenance.ttl));
    }
    decide_everything(now);
    return {
        Outcome::done,
        subject + (maintenance.on ? " leaves in planned order" : " is announced again when fit"),
        {}};
}

const MaintenanceState* Controller::maintenance_of(const Vip& vip) const {
    for (const auto& key : {std::string(), vip.name}) {
        if (const auto found = maintenance_.find(key); found != maintenance_.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

/// Ends overrides and maintenance whose time to live is over.
void Controller::expire(TimePoint now) {
    const auto over = [&](const auto& item) {
        return item.second.until && *item.second.until <= now;
    };
    bool changed = false;
    for (const auto& [name, override] : overrides_) {
        if (!over(std::pair(name, override))) continue;
        events_.add("admin-expired", name.service + "/" + name.server, "its time to live is over");
        changed = true;
    }
    for (const auto& [vip, state] : maintenance_) {
        if (!over(std::pair(vip, state))) continue;
        events_.add("maintenance-expired", vip.empty() ? config_.node : vip,
                    "its time to live is over");
        changed = true;
    }
    if (!changed) return;
    outputs_.save_state = true;
    std::erase_if(overrides_, over);
    std::erase_if(maintenance_, over);
    apply_overrides();
    decide_everything(now);
}

}  // namespace vipd
