#include "src/status/status_json.hpp"

#include "src/base/json_writer.hpp"
#include "src/status/name_state.hpp"
#include "src/status/totals.hpp"
#include "src/status/wall_time.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

ClockPair clocks(const Snapshot& snapshot) {
    return {snapshot.made, snapshot.made_wall};
}

/// Writes the parts of one snapshot; what they have in common is the instant that ages are counted
/// to.
class StatusWriter {
public:
    explicit StatusWriter(const Snapshot& snapshot)
        : snapshot_(snapshot), clocks_(clocks(snapshot)) {}

    std::string take() {
        auto text = json_.take();
        text += '\n';
        return text;
    }
    JsonWriter& json() { return json_; }

    void begin() {
        json_.begin_object();
        json_.member("made", iso_time(snapshot_.made_wall));
    }
    void end() { json_.end_object(); }

    void head();
    void totals();
    void ready();
    void kernel();
    void control_probes();
    void config();
    void lists();
    void names();
    void alerts();
    void vips();
    void peers();
    void service(const ServiceView& view, Detail detail);

private:
    void reason(std::string_view name, const Reason& reason);
    void since(std::string_view time_name, std::string_view age_name,
               std::optional<TimePoint> time);
    void deadline(std::string_view name, std::optional<TimePoint> time);

    void unresolved(const std::vector<UnresolvedView>& views);
    void pool(const PoolView& view, Detail detail);
    void server(const ServerView& view);
    void monitor(const MonitorView& view);
    void vip(const VipView& view);
    void connections(const std::optional<ConnectionsView>& view);
    void vip_address(const VipAddressView& view);
    void peer(const bgp::PeerStatus& view);
    void refusal(const ipvs::Refusal& refusal);
    template <class Map>
    void counters(std::string_view name, const Map& map);

    const Snapshot& snapshot_;
    ClockPair clocks_;
    JsonWriter json_;
};

void StatusWriter::reason(std::string_view name, const Reason& reason) {
    json_.key(name);
    json_.begin_object();
    json_.member("code", reason.code);
    json_.member("text", reason.text);
    json_.end_object();
}

void StatusWriter::since(std::string_view time_name, std::string_view age_name,
                         std::optional<TimePoint> time) {
    json_.key(time_name);
    if (time) {
        json_.value(iso_time(clocks_.wall_time(*time)));
    } else {
        json_.null();
    }
    json_.key(age_name);
    if (time) {
        json_.value(clocks_.age(*time));
    } else {
        json_.null();
    }
}

void StatusWriter::deadline(std::string_view name, std::optional<TimePoint> time) {
    json_.key(name);
    if (time) {
        json_.value(iso_time(clocks_.wall_time(*time)));
    } else {
        json_.null();
    }
}

template <class Map>
void StatusWriter::counters(std::string_view name, const Map& map) {
    json_.key(name);
    json_.begin_object();
    for (const auto& [key, count] : map)
        json_.member(key, count);
    json_.end_object();
}

void StatusWriter::head() {
    json_.member("node", snapshot_.node);
    json_.member("version", snapshot_.version);
    json_.member("config_file", snapshot_.config.file);
    json_.member("log_level", to_string(snapshot_.log_level));
    since("started", "uptime_seconds", snapshot_.started);
    json_.member("stopping", snapshot_.stopping);
}

void StatusWriter::totals() {
    const auto totals = count(snapshot_);
    json_.key("totals");
    json_.begin_object();
    json_.member("services", totals.services);
    json_.member("pools", totals.pools);
    json_.member("pools_fit", totals.pools_fit);
    json_.member("servers", totals.servers);
    json_.member("up", totals.up);
    json_.member("pooled", totals.pooled);
    json_.member("held", totals.held);
    json_.member("vip_addresses", totals.vip_addresses);
    json_.member("announced", totals.announced);
    json_.member("advertised", totals.advertised);
    json_.member("peers", totals.peers);
    json_.member("peers_established", totals.peers_established);
    json_.member("alerts", totals.alerts);
    json_.end_object();
}

void write_checks(JsonWriter& json, std::string_view name, const std::vector<Check>& checks) {
    json.member(name, all_ok(checks));
    json.key("checks");
    json.begin_array();
    for (const auto& check : checks) {
        json.begin_object();
        json.member("name", check.name);
        json.member("ok", check.ok);
        json.member("text", check.text);
        json.end_object();
    }
    json.end_array();
}

void StatusWriter::ready() {
    write_checks(json_, "ready", readiness(&snapshot_));
}

void StatusWriter::refusal(const ipvs::Refusal& refusal) {
    json_.begin_object();
    json_.member("change", ipvs::to_string(refusal.change));
    json_.member("errno", refusal.error.code);
    json_.member("error", refusal.error.text);
    deadline("next_try", refusal.next_try);
    json_.end_object();
}

void StatusWriter::kernel() {
    json_.key("kernel");
    if (!snapshot_.kernel) return json_.null();
    const auto& kernel = *snapshot_.kernel;
    json_.begin_object();
    json_.member("backend", kernel.backend);
    json_.member("read_once", kernel.read_once);
    json_.member("in_sync", kernel.in_sync);
    json_.member("error", kernel.error);
    json_.member("writes", kernel.writes);
    json_.member("drift", kernel.drift);
    json_.key("refusals");
    json_.begin_array();
    for (const auto& entry : kernel.refusals)
        refusal(entry);
    json_.end_array();
    json_.member("unmade_count", kernel.unmade_count);
    json_.key("unmade");
    json_.begin_array();
    for (const auto& change : kernel.unmade)
        json_.value(ipvs::to_string(change));
    json_.end_array();
    json_.end_object();
}

void StatusWriter::control_probes() {
    json_.key("control_probes");
    json_.begin_array();
    for (const auto& view : snapshot_.control_probes) {
        json_.begin_object();
        json_.member("name", view.name);
        json_.member("health", monitors::to_string(view.health));
        json_.member("proven", view.proven);
        reason("reason", view.reason);
        json_.end_object();
    }
    json_.end_array();
}

void StatusWriter::config() {
    const auto& config = snapshot_.config;
    json_.key("config");
    json_.begin_object();
    since("tried", "tried_seconds", config.tried);
    json_.member("ok", !config.problem.has_value());
    json_.member("problem", config.problem);
    since("good_at", "good_seconds", config.good_at);
    json_.member("accepted", config.accepted);
    json_.member("rejected", config.rejected);
    json_.end_object();
}

void StatusWriter::lists() {
    json_.key("lists");
    json_.begin_array();
    for (const auto& list : snapshot_.lists) {
        json_.begin_object();
        json_.member("file", list.file);
        json_.member("groups", list.groups);
        json_.member("servers", list.servers);
        since("good_at", "good_seconds", list.good_at);
        json_.member("stale", list.problem.has_value());
        json_.member("problem", list.problem);
        json_.end_object();
    }
    json_.end_array();
}

void StatusWriter::names() {
    json_.key("names");
    json_.begin_array();
    for (const auto& name : *snapshot_.names) {
        json_.begin_object();
        json_.member("name", name.name);
        json_.member("state", to_string(state_of(name)));
        json_.key("addresses");
        json_.begin_array();
        for (const auto& address : name.addresses)
            json_.value(address.to_string());
        json_.end_array();
        since("good_at", "good_seconds", name.good_at);
        deadline("ask_at", name.due);
        json_.key("ask_seconds");
        if (name.due) {
            json_.value(std::max(Duration{}, -clocks_.age(*name.due)));
        } else {
            json_.null();
        }
        json_.member("problem", name.problem);
        json_.end_object();
    }
    json_.end_array();
}

void StatusWriter::alerts() {
    json_.key("alerts");
    json_.begin_array();
    for (const auto& alert : snapshot_.alerts) {
        json_.begin_object();
        json_.member("code", alert.code);
        json_.member("subject", alert.subject);
        json_.member("text", alert.text);
        since("since", "seconds", alert.since);
        json_.end_object();
    }
    json_.end_array();
}

void StatusWriter::monitor(const MonitorView& view) {
    json_.begin_object();
    json_.member("type", view.type);
    json_.member("via", view.via_vip ? "vip" : "server");
    json_.member("advisory", view.advisory);
    json_.member("health", monitors::to_string(view.health));
    reason("reason", view.reason);
    since("since", "seconds", view.since);
    json_.end_object();
}

void StatusWriter::connections(const std::optional<ConnectionsView>& view) {
    if (!view) return json_.member("connections", std::optional<int>());
    json_.key("connections");
    json_.begin_object();
    json_.member("active", view->active);
    json_.member("inactive", view->inactive);
    json_.end_object();
}

void StatusWriter::server(const ServerView& view) {
    json_.begin_object();
    json_.member("name", view.name);
    json_.member("address", view.address.to_string());
    json_.member("host_name", view.host_name);
    json_.member("port", view.port);
    json_.member("weight", view.weight);
    json_.member("upper_threshold", view.upper_threshold);
    json_.member("lower_threshold", view.lower_threshold);
    json_.member("health", monitors::to_string(view.health));
    reason("health_reason", view.health_reason);
    since("health_since", "health_seconds", view.health_since);
    json_.member("suspect", view.suspect);
    reason("suspect_reason", view.suspect_reason);
    since("suspect_since", "suspect_seconds", view.suspect_since);
    json_.member("admin", to_string(view.admin));
    reason("admin_reason", view.admin_reason);
    json_.member("placement", to_string(view.placement));
    reason("placement_reason", view.placement_reason);
    json_.member("pooled", view.pooled);
    json_.member("kernel_weight", view.kernel_weight);
    connections(view.connections);
    json_.key("monitors");
    json_.begin_array();
    for (const auto& entry : view.monitors)
        monitor(entry);
    json_.end_array();
    json_.end_object();
}

void StatusWriter::pool(const PoolView& view, Detail detail) {
    json_.begin_object();
    json_.member("family", to_string(view.family));
    json_.member("vip_address", view.vip_address.to_string());
    json_.member("fit", view.fit);
    reason("fit_reason", view.fit_reason);
    since("fit_since", "fit_seconds", view.fit_since);
    json_.member("programmed", view.programmed);
    json_.member("configured", view.configured);
    json_.member("up", view.up);
    json_.member("floor", view.floor);
    json_.member("pooled", view.pooled);
    json_.member("held", view.held);
    if (detail == Detail::full) {
        json_.key("servers");
        json_.begin_array();
        for (const auto& entry : view.servers)
            server(entry);
        json_.end_array();
    } else {
        std::string cells;
        for (const auto& entry : view.servers)
            cells += server_cell(entry);
        json_.member("cells", cells);
    }
    json_.end_object();
}

void StatusWriter::unresolved(const std::vector<UnresolvedView>& views) {
    json_.key("unresolved");
    json_.begin_array();
    for (const auto& view : views) {
        json_.begin_object();
        json_.member("name", view.name);
        json_.member("host_name", view.host_name);
        reason("reason", view.reason);
        json_.end_object();
    }
    json_.end_array();
}

void StatusWriter::service(const ServiceView& view, Detail detail) {
    json_.begin_object();
    json_.member("name", view.name);
    json_.member("vip", view.vip);
    json_.member("protocol", view.protocol);
    json_.member("port", view.port);
    json_.member("firewall_mark", view.firewall_mark);
    json_.member("scheduler", view.scheduler);
    json_.member("scheduler_flags", view.scheduler_flags);
    json_.member("forwarding", view.forwarding);
    json_.member("tunnel", view.tunnel);
    json_.member("one_packet", view.one_packet);
    json_.member("persistence", view.persistence);
    json_.member("depool_threshold", view.depool_threshold);
    json_.key("pools");
    json_.begin_array();
    for (const auto& entry : view.pools)
        pool(entry, detail);
    json_.end_array();
    unresolved(view.unresolved);
    json_.end_object();
}

void StatusWriter::vip_address(const VipAddressView& view) {
    json_.begin_object();
    json_.member("address", view.address.to_string());
    json_.member("wanted", to_string(view.wanted));
    reason("reason", view.reason);
    json_.member("degraded", view.degraded);
    since("since", "seconds", view.since);
    json_.member("present", view.present);
    json_.member("advertised_to", view.advertised_to);
    deadline("deadline", view.deadline);
    json_.end_object();
}

void StatusWriter::vip(const VipView& view) {
    json_.begin_object();
    json_.member("name", view.name);
    json_.member("interface", view.interface);
    json_.member("services", view.services);
    json_.key("addresses");
    json_.begin_array();
    for (const auto& address : view.addresses)
        vip_address(address);
    json_.end_array();
    json_.end_object();
}

void StatusWriter::vips() {
    json_.key("vips");
    json_.begin_array();
    for (const auto& [name, view] : snapshot_.vips)
        vip(*view);
    json_.end_array();
}

std::string dotted(bgp::RouterId id) {
    return fmt::format("{}.{}.{}.{}", id >> 24U, (id >> 16U) & 0xffU, (id >> 8U) & 0xffU,
                       id & 0xffU);
}

void StatusWriter::peer(const bgp::PeerStatus& view) {
    json_.begin_object();
    json_.member("name", view.name);
    json_.member("state", bgp::to_string(view.state));
    since("since", "seconds", view.since);
    reason("reason", {view.reason_code, view.reason_text});
    deadline("next_dial", view.next_dial);
    json_.member("established_count", view.established_count);
    json_.member("hold_time_seconds", view.negotiated_hold.count());
    json_.member("remote_id",
                 view.remote_id ? std::optional(dotted(*view.remote_id)) : std::nullopt);
    json_.key("families");
    json_.begin_object();
    for (const auto& [family, counts] : view.families) {
        json_.key(to_string(family));
        json_.begin_object();
        json_.member("negotiated", counts.negotiated);
        json_.member("wanted", counts.wanted);
        json_.member("advertised", counts.advertised);
        json_.member("pending", counts.pending);
        json_.end_object();
    }
    json_.end_object();
    counters("messages_in", view.messages_in);
    counters("messages_out", view.messages_out);
    json_.member("last_notification_in", view.last_notification_in);
    json_.member("last_notification_out", view.last_notification_out);
    json_.end_object();
}

void StatusWriter::peers() {
    json_.key("peers");
    json_.begin_array();
    for (const auto& view : snapshot_.peers)
        peer(*view);
    json_.end_array();
}

}  // namespace

char server_cell(const ServerView& server) {
    if (server.admin == Admin::disabled) return 'x';
    if (server.admin == Admin::draining) return 'g';
    if (server.placement == Placement::held) return 'h';
    if (server.placement == Placement::pooled) return server.pooled ? 'p' : 'w';
    return server.health == monitors::Health::unknown ? 'u' : 'd';
}

std::string status_json(const Snapshot& snapshot, Detail detail) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.head();
    writer.ready();
    writer.totals();
    writer.kernel();
    writer.control_probes();
    writer.config();
    writer.lists();
    writer.alerts();
    if (detail == Detail::full) {
        writer.vips();
        writer.peers();
        writer.json().key("services");
        writer.json().begin_array();
        for (const auto& [name, view] : snapshot.services)
            writer.service(*view, Detail::summary);
        writer.json().end_array();
    }
    writer.end();
    return writer.take();
}

std::string service_json(const Snapshot& snapshot, const ServiceView& service, Detail detail) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.json().key("service");
    writer.service(service, detail);
    writer.end();
    return writer.take();
}

std::string services_json(const Snapshot& snapshot, const ServicePage& page, Detail detail) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.json().member("matched", page.matched);
    writer.json().member("next", page.next.empty() ? std::nullopt : std::optional(page.next));
    writer.json().key("services");
    writer.json().begin_array();
    for (const auto* service : page.services)
        writer.service(*service, detail);
    writer.json().end_array();
    writer.end();
    return writer.take();
}

std::string vips_json(const Snapshot& snapshot) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.vips();
    writer.end();
    return writer.take();
}

std::string peers_json(const Snapshot& snapshot) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.peers();
    writer.end();
    return writer.take();
}

std::string names_json(const Snapshot& snapshot) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.names();
    writer.end();
    return writer.take();
}

std::string alerts_json(const Snapshot& snapshot) {
    StatusWriter writer(snapshot);
    writer.begin();
    writer.alerts();
    writer.end();
    return writer.take();
}

std::string checks_json(const std::vector<Check>& checks) {
    JsonWriter json;
    json.begin_object();
    write_checks(json, "ok", checks);
    json.end_object();
    return json.take() + "\n";
}

}  // namespace vipd
