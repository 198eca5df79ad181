// Monitors that speak over a connection, or in datagrams: tcp, tls, idle-tcp, udp.
#include "src/config/read_checks.hpp"

#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using namespace std::chrono_literals;

constexpr std::size_t longest_bytes = 65536;
constexpr std::size_t most_exchanges = 32;

std::optional<std::string> bytes_of(const JsonValue& value) {
    const bool fits =
        value.is(Kind::string) && !value.text.empty() && value.text.size() <= longest_bytes;
    return fits ? std::optional(value.text) : std::nullopt;
}

int nibble(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

// Pairs of digits, spaces between pairs if liked.
std::optional<std::string> hex_of(const JsonValue& value) {
    if (!value.is(Kind::string) || value.text.size() > 3 * longest_bytes) return std::nullopt;
    const auto& text = value.text;
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        if (text[i] == ' ' && !bytes.empty()) ++i;
        if (i + 1 >= text.size()) return std::nullopt;
        const int high = nibble(text[i]);
        const int low = nibble(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes.empty() ? std::nullopt : std::optional(bytes);
}

std::optional<monitors::BytePattern> pattern_of_hex(const JsonValue& value) {
    if (!value.is(Kind::string) || value.text.size() > 3 * longest_bytes) return std::nullopt;
    auto pattern = monitors::BytePattern::parse_hex(value.text);
    return pattern && !pattern->empty() ? pattern : std::nullopt;
}

monitors::Exchange read_exchange(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    monitors::Exchange exchange;
    read_send(reader, exchange.send);
    read_expect(reader, exchange.expect);
    reader.boolean("at_start", exchange.at_start);
    const bool something = reader.has("send") || reader.has("send_hex") || reader.has("expect") ||
                           reader.has("expect_hex");
    if (value.is(Kind::object) && !something) {
        problems.add(value.position, reader.pointer(), value.summary(),
                     "something to send or to expect");
    }
    reader.finish();
    return exchange;
}

// "exchanges", or the "preset" that has a name.
void read_exchanges(ObjectReader& reader, std::vector<monitors::Exchange>& into) {
    exclude(reader, "exchanges", "preset");
    reader.choice("preset", into,
                  {{"redis", monitors::redis_preset()}, {"smtp", monitors::smtp_preset()}});
    if (!reader.has("exchanges")) {
        reader.find("exchanges");
        return;
    }
    into.clear();
    reader.elements("exchanges", 1, most_exchanges, "an array of 1 to 32 exchanges",
                    [&](const JsonValue& value, std::string pointer) {
                        into.push_back(read_exchange(value, std::move(pointer), reader.problems()));
                    });
}

}  // namespace

void exclude(ObjectReader& reader, std::string_view first, std::string_view second) {
    const auto* value = reader.find(second);
    if (value == nullptr || !reader.has(first)) return;
    reader.reject(second, *value,
                  "either " + in_quotes(first) + " or " + in_quotes(second) + ", not both");
}

void read_port(ObjectReader& reader, MonitorConfig& monitor) {
    reader.integer("port", monitor.port, 1, 65535, "a port");
}

void read_send(ObjectReader& reader, std::string& into) {
    exclude(reader, "send", "send_hex");
    reader.read("send", into, "text of 1 to 65536 bytes", bytes_of);
    reader.read("send_hex", into, R"(pairs of hex digits such as "48 65 6c")", hex_of);
}

void read_expect(ObjectReader& reader, monitors::BytePattern& into) {
    exclude(reader, "expect", "expect_hex");
    std::string literal;
    reader.read("expect", literal, "text of 1 to 65536 bytes", bytes_of);
    if (!literal.empty()) into = monitors::BytePattern::literal(literal);
    reader.read("expect_hex", into, R"(pairs of hex digits such as "48 6? ??", ? for any digit)",
                pattern_of_hex);
}

void read_tls_options(ObjectReader& reader, const Folders& folders, monitors::TlsOptions& tls) {
    reader.boolean("verify", tls.verify);
    reader.read("name", tls.name, "a host name or address", [](const JsonValue& value) {
        const bool fits = value.is(Kind::string) && is_name(value.text);
        return fits ? std::optional(value.text) : std::nullopt;
    });
    reader.path("ca_file", tls.ca_file, folders);
    reader.path("certificate_file", tls.certificate_file, folders);
    reader.path("key_file", tls.key_file, folders);
    if (reader.has("certificate_file")) reader.require("key_file", "the key of the certificate");
    if (reader.has("key_file")) reader.require("certificate_file", "the certificate of the key");
    Duration margin = tls.expiry_margin;
    reader.duration("expiry_margin", margin, 0s, 87600h);
    tls.expiry_margin = std::chrono::ceil<std::chrono::seconds>(margin);
}

void read_tcp_check(ObjectReader& reader, const Folders& /*folders*/, MonitorConfig& monitor) {
    monitors::TcpCheck check;
    read_port(reader, monitor);
    read_exchanges(reader, check.exchanges);
    monitor.check = std::move(check);
}

void read_tls_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor) {
    monitors::TlsCheck check;
    read_port(reader, monitor);
    reader.require("tls", R"({"name": "host.example.org"}, or {"verify": false})");
    reader.object("tls", [&](ObjectReader& nested) {
        read_tls_options(nested, folders, check.tls);
        if (check.tls.verify)
            nested.require("name", "the name in the certificate, or \"verify\": false");
    });
    read_exchanges(reader, check.exchanges);
    monitor.check = std::move(check);
}

void read_idle_tcp_check(ObjectReader& reader, const Folders& /*folders*/, MonitorConfig& monitor) {
    read_port(reader, monitor);
    monitor.check = monitors::IdleTcpCheck{};
}

void read_udp_check(ObjectReader& reader, const Folders& /*folders*/, MonitorConfig& monitor) {
    monitors::UdpCheck check;
    read_port(reader, monitor);
    read_send(reader, check.send);
    read_expect(reader, check.expect);
    monitor.check = std::move(check);
}

}  // namespace vipd
