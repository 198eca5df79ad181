#include "src/config/read_monitor.hpp"

#include "src/config/duration.hpp"
#include "src/config/url.hpp"

#include <fmt/core.h>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using namespace std::chrono_literals;

constexpr std::uint64_t first_status = 100;
constexpr std::uint64_t last_status = 599;

// 200, or "200-299".
std::optional<monitors::StatusRange> status_of(const JsonValue& value) {
    if (const auto code = ObjectReader::whole_number(value, first_status, last_status)) {
        const auto status = static_cast<std::uint16_t>(*code);
        return monitors::StatusRange{.first = status, .last = status};
    }
    if (!value.is(Kind::string) || value.text.size() != 7 || value.text[3] != '-')
        return std::nullopt;
    const auto code = [&value](std::size_t at) -> std::uint16_t {
        unsigned number = 0;
        for (const char digit : value.text.substr(at, 3)) {
            if (digit < '0' || digit > '9') return 0;
            number = number * 10 + static_cast<unsigned>(digit - '0');
        }
        return static_cast<std::uint16_t>(number);
    };
    const monitors::StatusRange range{.first = code(0), .last = code(4)};
    const bool valid =
        range.first >= first_status && range.first <= range.last && range.last <= last_status;
    return valid ? std::optional(range) : std::nullopt;
}

void read_url(ObjectReader& reader, monitors::HttpCheck& check,
              std::optional<std::uint16_t>& port) {
    reader.require("url", "a URL such as \"http://en.example.org/healthz\"");
    const auto* value = reader.find("url");
    if (value == nullptr) return;
    if (!value->is(Kind::string)) {
        reader.reject("url", *value, "a URL such as \"http://en.example.org/healthz\"");
        return;
    }
    const auto url = parse_url(value->text);
    if (!url) {
        reader.reject("url", *value, url.error().accepted);
        return;
    }
    check.host = url->authority();
    check.target = url->target;
    port = url->port;
}

void read_http(ObjectReader& reader, MonitorConfig& monitor) {
    monitors::HttpCheck check;
    read_url(reader, check, monitor.port);
    reader.choice<std::string>("method", check.method,
                               {{"GET", "GET"}, {"HEAD", "HEAD"}, {"OPTIONS", "OPTIONS"}});
    reader.list("status", check.status, 1, 32,
                R"(a status code from 100 to 599 or a range such as "200-299")", status_of);
    monitor.check = std::move(check);
}

void read_tcp(ObjectReader& reader, MonitorConfig& monitor) {
    monitor.check = monitors::TcpCheck{};
    reader.integer("port", monitor.port, 1, 65535, "a port");
}

using TypeReader = void (*)(ObjectReader&, MonitorConfig&);

const std::vector<std::pair<std::string, TypeReader>>& types() {
    static const std::vector<std::pair<std::string, TypeReader>> all{{"http", read_http},
                                                                     {"tcp", read_tcp}};
    return all;
}

// With timeouts longer than the interval probes of one server would overlap. An inherited mistake
// is reported where it is written, not at each monitor that inherits it.
void check_timeout(ObjectReader& reader, const MonitorConfig& monitor) {
    if (monitor.timeout <= monitor.interval) return;
    const auto* key = reader.has("timeout") ? "timeout" : "interval";
    const auto* value = reader.find(key);
    if (value == nullptr) return;
    reader.reject(key, *value,
                  fmt::format("a timeout that is not longer than the interval ({} > {})",
                              duration_text(monitor.timeout), duration_text(monitor.interval)));
}

}  // namespace

void read_monitor_settings(ObjectReader& reader, MonitorConfig& monitor) {
    reader.duration("interval", monitor.interval, 10ms, 24h);
    reader.duration("timeout", monitor.timeout, 1ms, 1h);
    reader.integer("rise", monitor.thresholds.rise, 1, 1000);
    reader.integer("fall", monitor.thresholds.fall, 1, 1000);
    check_timeout(reader, monitor);
}

MonitorConfig read_monitor(const JsonValue& value, std::string pointer, const MonitorConfig& base,
                           Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    auto monitor = base;
    TypeReader read_type = nullptr;
    reader.require("type", "the type of the monitor");
    reader.choice("type", read_type, types());
    read_monitor_settings(reader, monitor);
    reader.boolean("advisory", monitor.advisory);
    // Without a type nobody can say which other keys are right.
    if (read_type == nullptr) return monitor;
    read_type(reader, monitor);
    reader.finish();
    return monitor;
}

}  // namespace vipd
