#include "src/config/read_monitor.hpp"

#include "src/config/duration.hpp"
#include "src/config/read_checks.hpp"

#include <fmt/core.h>

namespace vipd {

namespace {

using namespace std::chrono_literals;

using TypeReader = void (*)(ObjectReader&, const Folders&, MonitorConfig&);

const std::vector<std::pair<std::string, TypeReader>>& types() {
    static const std::vector<std::pair<std::string, TypeReader>> all{
        {"http", read_http_check}, {"tcp", read_tcp_check},
        {"tls", read_tls_check},   {"idle-tcp", read_idle_tcp_check},
        {"udp", read_udp_check},   {"dns", read_dns_check},
        {"icmp", read_icmp_check}, {"script", read_script_check},
        {"file", read_file_check}};
    return all;
}

// An inherited mistake is reported where it is written, not at each monitor that inherits it.
void reject_here(ObjectReader& reader, std::string_view key, std::string_view relation,
                 Duration time, char sign, Duration interval) {
    const auto written = reader.has(key) ? key : std::string_view("interval");
    const auto* value = reader.find(written);
    if (value == nullptr) return;
    reader.reject(written, *value,
                  fmt::format("a {} that is not {} than the interval ({} {} {})", key, relation,
                              duration_text(time), sign, duration_text(interval)));
}

void check_times(ObjectReader& reader, const MonitorConfig& monitor) {
    const auto interval = monitor.interval;
    // With timeouts longer than the interval probes of one server would overlap.
    if (monitor.timeout > interval)
        reject_here(reader, "timeout", "longer", monitor.timeout, '>', interval);
    if (monitor.fast_interval && *monitor.fast_interval > interval) {
        reject_here(reader, "fast_interval", "longer", *monitor.fast_interval, '>', interval);
    }
    if (monitor.down_interval && *monitor.down_interval < interval) {
        reject_here(reader, "down_interval", "shorter", *monitor.down_interval, '<', interval);
    }
}

// The others look at the host, or at what is here: there is no way to them through a VIP.
bool speaks_to_port(const monitors::Check& check) {
    return !std::holds_alternative<monitors::IcmpCheck>(check) &&
           !std::holds_alternative<monitors::ScriptCheck>(check) &&
           !std::holds_alternative<monitors::FileCheck>(check);
}

// One address, or one of each family.
void read_source(ObjectReader& reader, std::map<Family, Address>& into) {
    const auto* value = reader.find("source");
    if (value == nullptr) return;
    if (value->is(JsonValue::Kind::object)) {
        read_address_of_each_family(reader, "source", into);
        return;
    }
    std::optional<Address> address;
    reader.address("source", address);
    if (address) into = {{address->family(), *address}};
}

}  // namespace

void read_monitor_settings(ObjectReader& reader, MonitorConfig& monitor) {
    reader.duration("interval", monitor.interval, 10ms, 24h);
    reader.duration("timeout", monitor.timeout, 1ms, 1h);
    reader.integer("rise", monitor.thresholds.rise, 1, 1000);
    reader.integer("fall", monitor.thresholds.fall, 1, 1000);
    reader.duration("fast_interval", monitor.fast_interval, 10ms, 24h);
    reader.duration("down_interval", monitor.down_interval, 10ms, 24h);
    read_source(reader, monitor.source);
    check_times(reader, monitor);
}

MonitorConfig read_monitor(const JsonValue& value, std::string pointer, const MonitorConfig& base,
                           const Folders& folders, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    auto monitor = base;
    TypeReader read_type = nullptr;
    reader.require("type", "the type of the monitor");
    reader.choice("type", read_type, types());
    read_monitor_settings(reader, monitor);
    reader.boolean("advisory", monitor.advisory);
    // Without a type nobody can say which other keys are right.
    if (read_type == nullptr) return monitor;
    read_type(reader, folders, monitor);
    if (speaks_to_port(monitor.check))
        reader.choice("via", monitor.via_vip, {{"server", false}, {"vip", true}});
    reader.finish();
    return monitor;
}

}  // namespace vipd
