#include "src/config/read_document.hpp"

#include "src/config/object_reader.hpp"
#include "src/config/read_bgp.hpp"
#include "src/config/read_monitor.hpp"
#include "src/config/read_service.hpp"
#include "src/config/read_vip.hpp"

namespace vipd {

namespace {

using namespace std::chrono_literals;

struct Defaults {
    PeerConfig peer;
    VipConfig vip;
    ServiceDefaults service;
};

Defaults read_defaults(ObjectReader& root, const Folders& folders) {
    Defaults defaults;
    root.object("defaults", [&](ObjectReader& reader) {
        reader.object("peer", [&](ObjectReader& nested) {
            read_peer_settings(nested, folders, defaults.peer);
        });
        reader.object("vip",
                      [&](ObjectReader& nested) { read_vip_settings(nested, defaults.vip); });
        reader.object("service", [&](ObjectReader& nested) {
            read_service_settings(nested, defaults.service.service);
        });
        reader.object("monitor", [&](ObjectReader& nested) {
            read_monitor_settings(nested, defaults.service.monitor);
        });
    });
    return defaults;
}

void read_version(ObjectReader& root) {
    root.require("version", "1");
    std::uint64_t version = 1;
    root.read("version", version, "1, the version of this format",
              [](const JsonValue& value) { return ObjectReader::whole_number(value, 1, 1); });
}

void read_stop(ObjectReader& reader, StopConfig& stop) {
    reader.duration("gshut_wait", stop.gshut_wait, 0s, 10min);
    reader.duration("withdraw_wait", stop.withdraw_wait, 0s, 10min);
}

void read_timeouts(ObjectReader& reader, ipvs::Timeouts& timeouts) {
    const auto read = [&reader](std::string_view key, std::uint32_t& into) {
        Duration time{0};
        reader.seconds(key, time, 1s, 31 * 24h);  // as ipvsadm
        into = static_cast<std::uint32_t>(time / 1s);
    };
    read("tcp", timeouts.tcp_seconds);
    read("tcp_fin", timeouts.tcp_fin_seconds);
    read("udp", timeouts.udp_seconds);
}

void read_brake(ObjectReader& reader, BrakeConfig& brake) {
    using Action = BrakeConfig::Action;
    reader.choice("action", brake.action,
                  {{"off", Action::off}, {"alert", Action::alert}, {"announce", Action::announce}});
    reader.integer("min_vips", brake.min_vips, 2, 65535);
    reader.fraction("share", brake.share);
    reader.duration("window", brake.window, 1s, 10min);
}

void read_vip_paths(ObjectReader& reader, VipPathsConfig& paths) {
    constexpr std::uint64_t last_mark = 4294967295;
    constexpr std::uint64_t most = 60000;
    reader.integer("first_mark", paths.first_mark, 1, last_mark - most, "a mark");
    reader.integer("first_port", paths.first_port, 1024, 65535, "a port");
    reader.integer("count", paths.count, 1, most);
}

/// "192.0.2.1" or "192.0.2.1:179"; port 0 stands for none.
std::optional<Endpoint> control_address_of(const JsonValue& value) {
    if (const auto address = ObjectReader::address_of(value)) return Endpoint{*address, 0};
    const auto endpoint =
        value.is(JsonValue::Kind::string) ? Endpoint::parse(value.text) : std::nullopt;
    return endpoint && endpoint->port != 0 ? endpoint : std::nullopt;
}

void read_control(ObjectReader& reader, ControlConfig& control) {
    reader.boolean("loopback", control.loopback);
    reader.list("addresses", control.addresses, 0, 16,
                R"(an address such as "192.0.2.1", or with a port "192.0.2.1:179")",
                control_address_of);
    reader.duration("interval", control.interval, 100ms, 10s);
}

void read_ipvs(ObjectReader& reader, IpvsConfig& ipvs) {
    using Backend = IpvsConfig::BackendKind;
    using OnDown = IpvsConfig::OnDown;
    using OnStop = IpvsConfig::OnStop;
    using ipvs::OnDrift;
    reader.choice("backend", ipvs.backend,
                  {{"kernel", Backend::kernel}, {"memory", Backend::memory}});
    reader.duration("resync_interval", ipvs.resync_interval, 100ms, 1h);
    reader.choice("on_drift", ipvs.on_drift,
                  {{"repair", OnDrift::repair}, {"report", OnDrift::report}});
    reader.choice("on_down", ipvs.on_down,
                  {{"remove", OnDown::remove}, {"quiesce", OnDown::quiesce}});
    reader.choice("on_stop", ipvs.on_stop, {{"keep", OnStop::keep}, {"flush", OnStop::flush}});
    reader.boolean("allow_announce", ipvs.allow_announce);
    reader.object("timeouts",
                  [&ipvs](ObjectReader& nested) { read_timeouts(nested, ipvs.timeouts); });
}

}  // namespace

Config read_document(const JsonValue& root_value, const Folders& folders, const ServerLists& lists,
                     const std::string& node, Problems& problems) {
    constexpr std::string_view vips = "an object of at least one VIP";
    constexpr std::string_view services = "an object of at least one service";
    ObjectReader root(root_value, "", problems);
    Config config;
    config.node = node;
    read_version(root);
    std::vector<std::string> patterns;  // whoever loads the document has followed them
    root.list("include", patterns, 1, 1000,
              "the path of a file, or a pattern such as \"conf.d/*.json\"",
              ObjectReader::plain_text);
    root.read("node", config.node, name_rule, [](const JsonValue& value) {
        return value.is(JsonValue::Kind::string) && is_name(value.text) ? std::optional(value.text)
                                                                        : std::nullopt;
    });
    root.path("state_dir", config.state_dir, folders);

    auto defaults = read_defaults(root, folders);
    root.object("bgp", [&](ObjectReader& reader) {
        config.bgp = read_bgp(reader, folders, defaults.peer);
    });
    root.named("groups", "an object of at least one group",
               [&](const std::string& name, const JsonValue& value, const std::string& pointer) {
                   config.groups.emplace(name,
                                         read_group(value, pointer, folders, lists, problems));
               });
    defaults.service.groups = config.groups;
    root.require("vips", vips);
    root.named(
        "vips", vips, [&](const std::string& name, const JsonValue& value, std::string pointer) {
            config.vips.emplace(name, read_vip(value, std::move(pointer), defaults.vip, problems));
        });
    root.require("services", services);
    root.named("services", services,
               [&](const std::string& name, const JsonValue& value, std::string pointer) {
                   config.services.emplace(name, read_service(value, std::move(pointer),
                                                              defaults.service, folders, problems));
               });

    root.object("stop", [&](ObjectReader& reader) { read_stop(reader, config.stop); });
    root.object("brake", [&](ObjectReader& reader) { read_brake(reader, config.brake); });
    root.object("status", [&](ObjectReader& reader) {
        read_endpoints(reader, "listen", config.status.listen);
        reader.path("socket", config.status.socket, folders);
    });
    root.object("ipvs", [&](ObjectReader& reader) { read_ipvs(reader, config.ipvs); });
    root.object("monitors", [&](ObjectReader& reader) {
        reader.integer("workers", config.monitors.workers, 1, 64);
        reader.integer("max_running", config.monitors.max_running, 0, 1000000);
        reader.object("vip_paths", [&](ObjectReader& nested) {
            read_vip_paths(nested, config.monitors.vip_paths);
        });
        reader.object("control",
                      [&](ObjectReader& nested) { read_control(nested, config.monitors.control); });
    });
    root.object("names", [&](ObjectReader& reader) {
        read_endpoints(reader, "servers", config.names.servers);
    });
    root.duration("start_deadline", config.start_deadline, 0s, 1h);
    root.duration("suspect_max", config.suspect_max, 0s, 10min);
    root.finish();
    return config;
}

}  // namespace vipd
