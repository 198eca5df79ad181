#include "src/status/client/show.hpp"

#include "src/status/client/json_text.hpp"
#include "src/status/client/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
using nlohmann::json;
namespace {

enum class Colour { good, warning, bad };

std::string paint(const std::string& content, Colour colour, const View& view) {
    if (!view.colour) return content;
    const char* code = colour == Colour::good ? "32" : colour == Colour::warning ? "33" : "31";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, content);
}

std::string paint_if_bad(const std::string& content, bool good, const View& view) {
    return good ? content : paint(content, Colour::bad, view);
}

std::string joined(const json& list) {
    std::string all;
    if (!list.is_array()) return "-";
    for (const auto& entry : list)
        all += (all.empty() ? "" : " ") + text(entry);
    return all.empty() ? "-" : all;
}

/// "4/6 up" needs both numbers, whatever type they came as.
std::string share(const json& object, const char* part, const char* whole) {
    return text(object, part) + "/" + text(object, whole);
}

/// The two facts that need explaining, each with its own words, once if they say the same.
std::string server_reason(const json& server) {
    const bool healthy = at(server, "health") == "up";
    const bool enabled = at(server, "admin") == "enabled";
    const bool placed = at(server, "placement") == "pooled" && holds(server, "pooled");
    std::vector<std::string> reasons;
    if (!enabled) reasons.push_back(reason(server, "admin_reason"));
    if (!healthy) reasons.push_back(reason(server, "health_reason"));
    if (!placed || reasons.empty()) reasons.push_back(reason(server, "placement_reason"));
    std::string all;
    for (const auto& one : reasons) {
        const bool told = one == "-" || all.find(one) != std::string::npos;
        if (told) continue;
        if (one.find(all) != std::string::npos) all.clear();  // told again, and more
        all += (all.empty() ? "" : "; ") + one;
    }
    return all.empty() ? "-" : all;
}

std::string placement(const json& server, const View& view) {
    const auto wanted = text(server, "placement");
    const bool wants_traffic = wanted != "depooled";
    if (wanted == "held")
        return paint(holds(server, "pooled") ? "held" : "held, not yet", Colour::warning, view);
    if (wants_traffic == holds(server, "pooled")) return paint_if_bad(wanted, wants_traffic, view);
    return paint(wants_traffic ? "pooled, not yet" : "depooled, not yet", Colour::warning, view);
}

/// "3 of 10" while the kernel has another weight than the configured one: slow_start.
std::string weight(const json& server) {
    const auto configured = text(server, "weight");
    const auto kernel = text(server, "kernel_weight");
    const bool as_configured = !holds(server, "pooled") || kernel == configured;
    return as_configured ? configured : kernel + " of " + configured;
}

std::string health(const json& server, const View& view) {
    auto state = text(server, "health");
    const bool up = state == "up";
    if (holds(server, "suspect")) state += ", suspect";
    return paint_if_bad(state, up, view);
}

void add_servers(TextTable& table, const json& service, const json& pool, const View& view) {
    for (const auto& server : at(pool, "servers")) {
        table.add({text(service, "name"), text(server, "name"), text(server, "address"),
                   health(server, view), text(server, "admin"), placement(server, view),
                   weight(server), age_text(at(server, "health_since"), view),
                   server_reason(server)});
    }
}

/// In no pool, so without most of what others have.
void add_unresolved(TextTable& table, const json& service, const View& view) {
    for (const auto& server : at(service, "unresolved")) {
        table.add({text(service, "name"), text(server, "name"), "-",
                   paint("unresolved", Colour::bad, view), "-", "-", "-", "-",
                   reason(server, "reason")});
    }
}

void add_pool(TextTable& table, const json& service, const json& pool, const View& view) {
    const bool fit = holds(pool, "fit");
    table.add({text(service, "name"), port_text(service), text(pool, "vip_address"),
               paint_if_bad(fit ? "fit" : "unfit", fit, view), share(pool, "up", "configured"),
               text(pool, "pooled"), text(pool, "held"), text(pool, "floor"),
               age_text(at(pool, "fit_since"), view), reason(pool, "fit_reason")});
}

void add_address(TextTable& table, const json& vip, const json& address, const View& view) {
    const bool degraded = at(address, "degraded") != 0;
    const auto wanted = text(address, "wanted") + (degraded ? ", degraded" : "");
    table.add({text(vip, "name"), text(address, "address"),
               paint_if_bad(wanted, wanted == "announced", view),
               joined(at(address, "advertised_to")), holds(address, "present") ? "yes" : "no",
               age_text(at(address, "since"), view), reason(address, "reason")});
}

std::string table_or(const TextTable& table, const char* otherwise, const View& view) {
    return table.empty() ? std::string(otherwise) + "\n" : table.to_string(view.width);
}

/// "-" while it is being asked for.
std::string time_left(const json& seconds) {
    return seconds.is_number() ? fmt::format("{:.0f} s", seconds.get<double>()) : "-";
}

/// Nothing for a configuration that has no lists.
std::string lists_line(const json& lists) {
    if (lists.empty()) return {};
    const auto stale =
        std::ranges::count_if(lists, [](const json& list) { return holds(list, "stale"); });
    return fmt::format("lists     {} files, {} stale\n", lists.size(), stale);
}

/// Nothing where none is configured.
std::string control_line(const json& probes) {
    if (probes.empty()) return {};
    const auto up = std::ranges::count_if(
        probes, [](const json& probe) { return at(probe, "health") == "up"; });
    return fmt::format("control   {} of {} probes of this host succeed\n", up, probes.size());
}

/// Nothing where vipd does all that it wants.
std::string unmade_lines(const json& kernel) {
    constexpr std::size_t shown = 20;
    const auto& changes = at(kernel, "unmade");
    if (changes.empty()) return {};
    std::string out =
        fmt::format("undone    {} changes are left to somebody else{}\n",
                    text(kernel, "unmade_count"), changes.size() > shown ? ", of these" : "");
    for (std::size_t i = 0; i < std::min(changes.size(), shown); ++i)
        out += "          " + text(changes[i]) + "\n";
    return out;
}

std::string heading(const json& status, const View& view) {
    const auto& totals = at(status, "totals");
    const auto& kernel = at(status, "kernel");
    const bool ready = holds(status, "ready");
    std::string out = fmt::format("{}: vipd {}, up {}, config {}\n", text(status, "node"),
                                  text(status, "version"), age_text(at(status, "started"), view),
                                  text(status, "config_file"));
    out += paint_if_bad(ready ? "ready" : "not ready", ready, view) + "\n";
    for (const auto& check : at(status, "checks")) {
        if (!holds(check, "ok"))
            out += fmt::format("  {}: {}\n", text(check, "name"), text(check, "text"));
    }
    out += fmt::format("services  {} fit of {} pools; servers {} up, {} pooled, {} held of {}\n",
                       text(totals, "pools_fit"), text(totals, "pools"), text(totals, "up"),
                       text(totals, "pooled"), text(totals, "held"), text(totals, "servers"));
    out += fmt::format(
        "VIPs      {} announced, {} advertised of {} addresses; peers {} established of {}\n",
        text(totals, "announced"), text(totals, "advertised"), text(totals, "vip_addresses"),
        text(totals, "peers_established"), text(totals, "peers"));
    out +=
        fmt::format("kernel    {} backend, {}, {} writes, {} drifted, {} refused\n",
                    text(kernel, "backend"), holds(kernel, "in_sync") ? "in sync" : "not in sync",
                    text(kernel, "writes"), text(kernel, "drift"), at(kernel, "refusals").size());
    out += unmade_lines(kernel);
    out += control_line(at(status, "control_probes"));
    out += lists_line(at(status, "lists"));
    return out;
}

std::string part(const char* title, const std::string& table) {
    return fmt::format("\n{}\n{}", title, table);
}

/// Of a larger site a glance has room for what needs somebody, and for so much of it.
constexpr std::size_t most_at_a_glance = 50;

bool has_problem(const json& entry) {
    if (entry.contains("fit"))  // a pool
        return !holds(entry, "fit") || at(entry, "held") != 0 ||
               at(entry, "pooled") != at(entry, "configured");
    return at(entry, "wanted") != "announced" || at(entry, "degraded") != 0 ||
           !holds(entry, "present") || at(entry, "advertised_to").empty();
}

/// Of each entry of the list only the parts with problems, the first of all of them.
json only_problems(json list, const char* parts) {
    std::size_t room = most_at_a_glance;
    for (auto& entry : list) {
        if (!entry.is_object()) continue;
        json kept = json::array();
        for (const auto& one : at(entry, parts)) {
            if (room == 0 || !has_problem(one)) continue;
            kept.push_back(one);
            --room;
        }
        entry[parts] = std::move(kept);
    }
    return list;
}

/// The status' list of that name, whose entries have `parts`: all of them where there is room.
std::string glance(const json& status, const char* name, const char* parts, const char* title,
                   std::string (*show)(const json&, const View&), const View& view) {
    std::size_t all = 0;
    std::size_t bad = 0;
    for (const auto& entry : at(status, name)) {
        for (const auto& one : at(entry, parts)) {
            ++all;
            bad += has_problem(one) ? 1U : 0U;
        }
    }
    if (all <= most_at_a_glance) return part(title, show(status, view));
    if (bad == 0) return fmt::format("\n{}: all {} without problems\n", title, all);
    const auto heading = fmt::format("{} with problems: {} of {}{}", title, bad, all,
                                     bad > most_at_a_glance ? ", these first" : "");
    const json shown{{name, only_problems(at(status, name), parts)}};
    return part(heading.c_str(), show(shown, view));
}

std::string alerts_at_a_glance(const json& status, const View& view) {
    const auto& alerts = at(status, "alerts");
    if (alerts.empty()) return {};
    if (alerts.size() <= most_at_a_glance) return part("alerts", show_alerts(status, view));
    const auto end = alerts.begin() + static_cast<std::ptrdiff_t>(most_at_a_glance);
    const json shown{{"alerts", json(json::array_t(alerts.begin(), end))}};
    return part("alerts", show_alerts(shown, view)) +
           fmt::format("and {} more: vipctl alerts\n", alerts.size() - most_at_a_glance);
}

}  // namespace

std::string age_text(const json& since, const View& view) {
    using namespace std::chrono;
    int year = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!since.is_string() ||
        std::sscanf(since.get_ref<const std::string&>().c_str(), "%4d-%2u-%2uT%2u:%2u:%2u", &year,
                    &month, &day, &hour, &minute, &second) != 6) {
        return "-";
    }
    const sys_days date(std::chrono::year(year) / std::chrono::month(month) /
                        std::chrono::day(day));
    const auto then = date + hours(hour) + minutes(minute) + seconds(second);
    const auto age = std::max<std::int64_t>(0, duration_cast<seconds>(view.now - then).count());
    if (age < 120) return fmt::format("{} s", age);
    if (age < 2 * 3600) return fmt::format("{} min", age / 60);
    if (age < 2 * 86400) return fmt::format("{} h", age / 3600);
    return fmt::format("{} d", age / 86400);
}

std::string show_vips(const json& vips, const View& view) {
    TextTable table({"VIP", "ADDRESS", "WANTED", "ADVERTISED TO", "PRESENT", "SINCE", "REASON"});
    for (const auto& vip : at(vips, "vips")) {
        for (const auto& address : at(vip, "addresses"))
            add_address(table, vip, address, view);
    }
    return table_or(table, "no VIPs", view);
}

std::string show_services(const json& services, const View& view) {
    TextTable table(
        {"SERVICE", "PORT", "VIP", "STATE", "UP", "POOLED", "HELD", "FLOOR", "SINCE", "REASON"});
    for (const auto& service : at(services, "services")) {
        for (const auto& pool : at(service, "pools"))
            add_pool(table, service, pool, view);
    }
    return table_or(table, "no services", view);
}

std::string show_doctor(const json& report, const View& view) {
    std::string out;
    for (const auto& finding : at(report, "findings")) {
        const auto severity = text(finding, "severity");
        const auto colour = severity == "error" ? Colour::bad : Colour::warning;
        auto about = text(finding, "service");
        if (at(finding, "destination").is_string()) about += " " + text(finding, "destination");
        out += fmt::format("{} {}{}: {}\n  remedy: {}\n", paint(severity, colour, view),
                           text(finding, "code"), about == "-" ? "" : " (" + about + ")",
                           text(finding, "found"), text(finding, "remedy"));
    }
    return out.empty() ? "nothing stands in the way of the services\n" : out;
}

std::string show_servers(const json& services, const View& view) {
    TextTable table({"SERVICE", "SERVER", "ADDRESS", "HEALTH", "ADMIN", "PLACEMENT", "WEIGHT",
                     "SINCE", "REASON"});
    for (const auto& service : at(services, "services")) {
        for (const auto& pool : at(service, "pools"))
            add_servers(table, service, pool, view);
        add_unresolved(table, service, view);
    }
    return table_or(table, "no servers", view);
}

std::string show_peers(const json& peers, const View& view) {
    TextTable table({"PEER", "STATE", "SINCE", "ADVERTISED", "PENDING", "REASON"});
    for (const auto& peer : at(peers, "peers")) {
        const auto state = text(peer, "state");
        std::uint64_t advertised = 0;
        std::uint64_t pending = 0;
        for (const auto& counts : at(peer, "families")) {
            advertised += counts.value("advertised", std::uint64_t{0});
            pending += counts.value("pending", std::uint64_t{0});
        }
        table.add({text(peer, "name"), paint_if_bad(state, state == "established", view),
                   age_text(at(peer, "since"), view), fmt::to_string(advertised),
                   fmt::to_string(pending), reason(peer, "reason")});
    }
    return table_or(table, "no peers", view);
}

std::string show_routes(const json& vips, const View& view) {
    TextTable table({"ROUTE", "PEER", "VIP", "WANTED", "SINCE", "REASON"});
    for (const auto& vip : at(vips, "vips")) {
        for (const auto& address : at(vip, "addresses")) {
            const auto host = text(address, "address");
            const auto route = host + (host.find(':') == std::string::npos ? "/32" : "/128");
            table.add({route, joined(at(address, "advertised_to")), text(vip, "name"),
                       text(address, "wanted"), age_text(at(address, "since"), view),
                       reason(address, "reason")});
        }
    }
    return table_or(table, "no routes", view);
}

std::string show_names(const json& names, const View& view) {
    TextTable table({"NAME", "ADDRESS", "STATE", "ANSWERED", "ASKED AGAIN IN", "PROBLEM"});
    for (const auto& name : at(names, "names")) {
        const auto state = text(name, "state");
        table.add({text(name, "name"), joined(at(name, "addresses")),
                   paint_if_bad(state, state == "good", view), age_text(at(name, "good_at"), view),
                   time_left(at(name, "ask_seconds")), text(name, "problem")});
    }
    return table_or(table, "no server has a host name", view);
}

std::string show_alerts(const json& alerts, const View& view) {
    TextTable table({"ALERT", "SUBJECT", "SINCE", "TEXT"});
    for (const auto& alert : at(alerts, "alerts")) {
        table.add({paint(text(alert, "code"), Colour::bad, view), text(alert, "subject"),
                   age_text(at(alert, "since"), view), text(alert, "text")});
    }
    return table_or(table, "no alerts", view);
}

std::string event_line(const json& event) {
    return fmt::format(
        "{}  {:>6}  {:<18} {}  {}{}\n", text(event, "at"), text(event, "id"), text(event, "code"),
        text(event, "subject"), text(event, "text"),
        at(event, "cause").is_null() ? "" : "  (because of " + text(event, "cause") + ")");
}

std::string show_events(const json& events) {
    std::string out;
    for (const auto& event : at(events, "events"))
        out += event_line(event);
    return out.empty() ? "no events\n" : out;
}

std::string show_status(const json& status, const View& view) {
    std::string out = heading(status, view);
    out += alerts_at_a_glance(status, view);
    out += glance(status, "vips", "addresses", "VIPs", show_vips, view);
    out += glance(status, "services", "pools", "services", show_services, view);
    out += part("peers", show_peers(status, view));
    return out;
}

}  // namespace vipd
