#include "src/config/read_service.hpp"

#include "src/config/read_group.hpp"
#include "src/config/read_monitor.hpp"

#include <algorithm>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using namespace std::chrono_literals;

constexpr std::size_t most_monitors = 16;
constexpr auto longest_timeout = 31 * 24h;  // as ipvsadm

// Every scheduler module of the kernel (net/netfilter/ipvs/ip_vs_*.c).
const std::vector<std::string> schedulers{"rr",    "wrr", "lc", "wlc", "fo",  "ovf", "lblc",
                                          "lblcr", "dh",  "sh", "mh",  "sed", "nq",  "twos"};

constexpr std::uint32_t fallback = static_cast<std::uint32_t>(ipvs::SchedulerFlag::fallback);
constexpr std::uint32_t port_flag = static_cast<std::uint32_t>(ipvs::SchedulerFlag::port);

// Only these two look at flags (ip_vs_sh.c, ip_vs_mh.c); what they are called, as ipvsadm calls
// them.
bool takes_flags(std::string_view scheduler) {
    return scheduler == "sh" || scheduler == "mh";
}

std::vector<std::pair<std::string, std::uint32_t>> flags_of(const std::string& scheduler) {
    if (!takes_flags(scheduler)) return {};
    return {{scheduler + "-fallback", fallback}, {scheduler + "-port", port_flag}};
}

// The flags belong to the scheduler: naming another one leaves those that were inherited behind.
void read_scheduler(ObjectReader& reader, ipvs::ServiceOptions& options) {
    const auto inherited = options.scheduler;
    reader.read(
        "scheduler", options.scheduler, alternatives(schedulers), [](const JsonValue& value) {
            const bool known = value.is(Kind::string) &&
                               std::ranges::find(schedulers, value.text) != schedulers.end();
            return known ? std::optional(value.text) : std::nullopt;
        });
    if (options.scheduler != inherited) {
        options.scheduler_flags = options.scheduler == "mh" ? fallback | port_flag : 0;
    }
}

void read_scheduler_flags(ObjectReader& reader, ipvs::ServiceOptions& options) {
    const auto known = flags_of(options.scheduler);
    std::vector<std::string> names;
    for (const auto& [name, bit] : known)
        names.push_back(name);
    const auto accepted =
        names.empty()
            ? "no flag, as " + in_quotes(options.scheduler) + " has none"
            : alternatives(names) + ", as the scheduler is " + in_quotes(options.scheduler);
    std::vector<std::uint32_t> flags;
    reader.list("scheduler_flags", flags, 0, 2, accepted, [&known](const JsonValue& value) {
        std::optional<std::uint32_t> flag;
        for (const auto& [name, bit] : known) {
            if (value.is(Kind::string) && value.text == name) flag = bit;
        }
        return flag;
    });
    if (!reader.has("scheduler_flags")) return;
    options.scheduler_flags = 0;
    for (const auto flag : flags)
        options.scheduler_flags |= flag;
}

// What packets are wrapped in (ip_vs_tunnel_xmit). Port and checksum belong to the type: another
// type leaves those that were inherited behind.
void read_tunnel(ObjectReader& reader, ServiceConfig& service) {
    reader.object("tunnel", [&service](ObjectReader& nested) {
        using ipvs::TunnelChecksum;
        using ipvs::TunnelType;
        auto& tunnel = service.tunnel;
        const auto inherited = tunnel.type;
        nested.choice(
            "type", tunnel.type,
            {{"ipip", TunnelType::ipip}, {"gue", TunnelType::gue}, {"gre", TunnelType::gre}});
        if (tunnel.type != inherited) {
            tunnel = {.type = tunnel.type, .port = 0, .checksum = TunnelChecksum::none};
        }
        nested.integer("port", tunnel.port, 1, 65535, "a port");
        nested.choice("checksum", tunnel.checksum,
                      {{"none", TunnelChecksum::none},
                       {"full", TunnelChecksum::full},
                       {"remote", TunnelChecksum::remote}});
        nested.choice<std::optional<Family>>(
            "outer_family", service.outer_family,
            {{"vip", std::nullopt}, {"ipv4", Family::ipv4}, {"ipv6", Family::ipv6}});
    });
}

void read_persistence(ObjectReader& reader, std::optional<PersistenceConfig>& into) {
    reader.switched(
        "persistence", R"(false or {"timeout": "5m"})", into,
        [](ObjectReader& nested, PersistenceConfig& persistence) {
            nested.seconds("timeout", persistence.timeout, 1s, longest_timeout);
            nested.integer("ipv4_prefix", persistence.ipv4_prefix, 1, 32, "a prefix length");
            nested.integer("ipv6_prefix", persistence.ipv6_prefix, 1, 128, "a prefix length");
        });
}

void read_slow_start(ObjectReader& reader, std::optional<SlowStartConfig>& into) {
    using Curve = SlowStartConfig::Curve;
    reader.switched("slow_start", R"(false or {"window": "1m"})", into,
                    [](ObjectReader& nested, SlowStartConfig& slow_start) {
                        nested.duration("window", slow_start.window, 1s, 1h);
                        nested.choice("curve", slow_start.curve,
                                      {{"linear", Curve::linear}, {"quadratic", Curve::quadratic}});
                        nested.integer("min_percent", slow_start.min_percent, 1, 100,
                                       "a percentage");
                    });
}

void read_max_leaving(ObjectReader& reader, std::optional<MaxLeavingConfig>& into) {
    reader.switched("max_leaving", R"(false or {"count": 1, "window": "10s"})", into,
                    [](ObjectReader& nested, MaxLeavingConfig& max_leaving) {
                        nested.integer("count", max_leaving.count, 1, 65535);
                        nested.fraction("share", max_leaving.share);
                        nested.duration("window", max_leaving.window, 1s, 1h);
                    });
}

// A service is named by its port, or by the mark that the operator's packet filter sets.
void read_port(ObjectReader& reader, ServiceConfig& service) {
    constexpr std::string_view accepted = "a port from 1 to 65535, or a \"firewall_mark\"";
    constexpr std::uint64_t last_mark = 4294967295;
    if (!reader.has("firewall_mark")) reader.require("port", accepted);
    reader.integer("port", service.port, 1, 65535, "a port");
    reader.integer("firewall_mark", service.firewall_mark, 1, last_mark, "a mark");
    const auto* mark = reader.find("firewall_mark");
    if (mark == nullptr || !reader.has("port")) return;
    reader.reject("firewall_mark", *mark,
                  "it without a \"port\": the packet filter chooses by port");
}

void read_monitors(ObjectReader& reader, const MonitorConfig& base, const Folders& folders,
                   std::vector<MonitorConfig>& into) {
    constexpr std::string_view accepted =
        "an array of monitors, or [] to serve without looking at the servers";
    reader.require("monitors", accepted);
    reader.elements(
        "monitors", 0, most_monitors, accepted, [&](const JsonValue& value, std::string pointer) {
            into.push_back(
                read_monitor(value, std::move(pointer), base, folders, reader.problems()));
        });
}

// The name of a group, or servers of its own.
void read_servers(ObjectReader& reader, const std::map<std::string, GroupConfig>& groups,
                  ServiceConfig& service) {
    constexpr std::string_view accepted = "the name of a group or an object of at least one server";
    reader.require("servers", accepted);
    const auto* value = reader.find("servers");
    if (value != nullptr && value->is(Kind::string) && is_name(value->text)) {
        service.group = value->text;
        const auto group = groups.find(value->text);
        if (group != groups.end()) service.servers = group->second.servers;
        return;
    }
    reader.named("servers", accepted,
                 [&](const std::string& name, const JsonValue& server, std::string pointer) {
                     service.servers.emplace(
                         name, read_server(server, std::move(pointer), reader.problems()));
                 });
}

}  // namespace

void read_service_settings(ObjectReader& reader, ServiceConfig& service) {
    reader.choice("protocol", service.protocol,
                  {{"tcp", ipvs::Protocol::tcp}, {"udp", ipvs::Protocol::udp}});
    read_scheduler(reader, service.options);
    read_scheduler_flags(reader, service.options);
    reader.choice("forwarding", service.forwarding,
                  {{"tunnel", ipvs::Forwarding::tunnel},
                   {"dr", ipvs::Forwarding::dr},
                   {"nat", ipvs::Forwarding::nat}});
    if (service.forwarding != ipvs::Forwarding::tunnel && !reader.has("tunnel")) {
        service.tunnel = {};  // inherited, and of no use now
        service.outer_family.reset();
    }
    read_tunnel(reader, service);
    reader.boolean("one_packet", service.options.one_packet);
    read_persistence(reader, service.persistence);
    reader.fraction("depool_threshold", service.depool_threshold);
    reader.integer("min_up", service.min_up, 1, 65535);
    reader.fraction("min_up_share", service.min_up_share);
    reader.duration("drain_timeout", service.drain_timeout, 0s, 24h);
    read_slow_start(reader, service.slow_start);
    read_max_leaving(reader, service.max_leaving);
}

ServiceConfig read_service(const JsonValue& value, std::string pointer, const ServiceDefaults& base,
                           const Folders& folders, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    auto service = base.service;
    reader.require("vip", "the name of a VIP");
    reader.text("vip", service.vip, "the name of a VIP");
    read_port(reader, service);
    read_service_settings(reader, service);
    read_servers(reader, base.groups, service);
    read_monitors(reader, base.monitor, folders, service.monitors);
    reader.finish();
    return service;
}

}  // namespace vipd
