#pragma once
// What to check, one struct a monitor type: values only, made by the config reader, run by the
// engine.

#include "monitors/byte_pattern.hpp"
#include "src/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vipd::monitors {

/// How TLS is spoken and what the server's certificate must be.
struct TlsOptions {
    /// The chain must lead to a trusted authority and `name` be one of the certificate's. With
    /// false anything passes, but for expiry_margin.
    bool verify = true;
    /// Sent as SNI and looked for in the certificate: a DNS name, or an address, which is not sent.
    /// Empty: none is sent and any is accepted.
    std::string name{};
    /// PEM file of trusted authorities. Empty: the system's.
    std::string ca_file{};
    /// PEM files of our own certificate (with its chain) and key, for servers that ask. Both or
    /// none.
    std::string certificate_file{};
    std::string key_file{};
    /// The certificate must still be valid for so long. Zero: it only must not have expired (when
    /// verify).
    std::chrono::seconds expiry_margin{0};

    bool operator==(const TlsOptions&) const = default;
};

/// One thing to say and the answer to wait for; one of the two may be empty.
struct Exchange {
    std::string send{};
    BytePattern expect{};
    /// The answer must begin with `expect`; else `expect` may be anywhere in its first 64 kB.
    bool at_start = true;

    bool operator==(const Exchange&) const = default;
};

/// PING, and the answer +PONG.
std::vector<Exchange> redis_preset();
/// The server's 220 greeting, QUIT, and the answer 221.
std::vector<Exchange> smtp_preset();

/// tcp: the connection is accepted, and then each exchange goes as it should.
struct TcpCheck {
    std::vector<Exchange> exchanges{};

    bool operator==(const TcpCheck&) const = default;
};

/// tls: the handshake succeeds, the certificate is as it should be, and then each exchange goes as
/// it should.
struct TlsCheck {
    TlsOptions tls{};
    std::vector<Exchange> exchanges{};

    bool operator==(const TlsCheck&) const = default;
};

/// idle-tcp: a connection is kept open and idle, so that the server's death is seen at once.
struct IdleTcpCheck {
    bool operator==(const IdleTcpCheck&) const = default;
};

/// Inclusive range of HTTP status codes, 100..599.
struct StatusRange {
    std::uint16_t first = 200;
    std::uint16_t last = 200;
    bool operator==(const StatusRange&) const = default;
};

/// What a text must be like.
struct TextRule {
    enum class Kind : std::uint8_t {
        contains,  // `text` is in it
        regex,  // `text`, an RE2 expression, matches somewhere in it
        sha256,  // `text` is its digest in lower-case hex
    };
    Kind kind = Kind::contains;
    std::string text{};
    bool negated = false;

    bool operator==(const TextRule&) const = default;
};

/// A response header field that must be there, with a value as the rule says if there is one. With
/// a negated rule no field of the name may have such a value, and it need not be there.
struct FieldRule {
    std::string name{};
    std::optional<TextRule> value{};

    bool operator==(const FieldRule&) const = default;
};

struct HttpTarget {
    /// Host header, with the port where the URL has one.
    std::string host{};
    /// Path and query, starting with '/'.
    std::string target = "/";

    bool operator==(const HttpTarget&) const = default;
};

/// http: one HTTP/1.1 request, answered in full with an accepted status. Redirects are asserted,
/// not followed.
struct HttpCheck {
    std::string method = "GET";
    /// Host header, with the port where the URL has one.
    std::string host{};
    /// Path and query, starting with '/'.
    std::string target = "/";
    std::vector<StatusRange> status{StatusRange{}};
    /// Further request header fields, name and value. "Host" and "User-Agent" replace ours.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// All must hold for the decoded body.
    std::vector<TextRule> body{};
    /// All must hold for the response's header fields.
    std::vector<FieldRule> fields{};
    /// A longer body is a failure; 1..16777216.
    std::size_t max_body = 1048576;
    /// Further URLs that are asked for one after the other, within the same deadline and by the
    /// same rules.
    std::vector<HttpTarget> also{};
    /// How many of all URLs must do well; 0: all.
    std::size_t required = 0;
    /// The connection is kept for the next request and the next probe where the server agrees.
    bool reuse = false;
    /// https.
    std::optional<TlsOptions> tls{};

    bool operator==(const HttpCheck&) const = default;
};

/// dns: one query to exactly this server, whose answer has an accepted code and the expected
/// records.
struct DnsCheck {
    std::string name{};
    std::uint16_t type = 1;  // A; dns_type() knows the names
    bool tcp = false;
    bool recursion = true;  // the query's RD bit
    /// Accepted response codes; dns_rcode() knows the names.
    std::vector<std::uint8_t> rcodes{0};
    /// Data of records of the asked type that must be in the answer, as dig +short shows it, case
    /// ignored.
    std::vector<std::string> answers{};

    bool operator==(const DnsCheck&) const = default;
};

/// "AAAA", "TYPE65": the number; nothing for what is no type.
std::optional<std::uint16_t> dns_type(std::string_view name);
/// "NXDOMAIN": the number.
std::optional<std::uint8_t> dns_rcode(std::string_view name);
bool is_dns_name(const std::string& name);

/// udp: a datagram is answered by one that begins as expected. Without `expect`, no ICMP message
/// may come back within the timeout, which is then how long every probe takes: silence is success.
struct UdpCheck {
    std::string send{};
    BytePattern expect{};

    bool operator==(const UdpCheck&) const = default;
};

/// icmp: an echo request is answered. Needs CAP_NET_RAW.
struct IcmpCheck {
    bool operator==(const IcmpCheck&) const = default;
};

/// script: a program exits with 0. It is run without a shell, with no capabilities and none of our
/// descriptors, and killed with everything it started at the deadline.
struct ScriptCheck {
    /// The program's absolute path first; {address} and {port} stand for the target's, also in the
    /// environment as VIPD_ADDRESS and VIPD_PORT.
    std::vector<std::string> arguments{};
    /// Exit codes 2..255 are a success, too, and say that the server's weight is 0..253.
    bool weight_from_exit = false;

    bool operator==(const ScriptCheck&) const = default;
};

/// file: a local file, on a disk that does not hang.
struct FileCheck {
    enum class Rule : std::uint8_t {
        present,  // it is there
        absent,  // it is not there
        weight,  // it holds a number, 0..65535, which is the server's weight
    };
    std::string path{};
    Rule rule = Rule::present;

    bool operator==(const FileCheck&) const = default;
};

/// loopback: this host reaches itself over the target's address, on a port of the kernel's choice.
/// Says nothing about a server; it is one of the checks of ourselves.
struct LoopbackCheck {
    bool operator==(const LoopbackCheck&) const = default;
};

using Check = std::variant<TcpCheck, HttpCheck, IdleTcpCheck, TlsCheck, DnsCheck, UdpCheck,
                           IcmpCheck, ScriptCheck, FileCheck, LoopbackCheck>;

/// Each type's name in the configuration, in the variant's order.
inline constexpr std::array<std::string_view, std::variant_size_v<Check>> type_names{
    "tcp", "http", "idle-tcp", "tls", "dns", "udp", "icmp", "script", "file", "loopback"};

/// "tcp", "http".
std::string type_name(const Check& check);

/// Equal checks hash alike.
std::size_t hash_value(const Check& check);

/// What is wrong with an RE2 expression; nothing if it is fine.
std::optional<std::string> regex_problem(const std::string& expression);

}  // namespace vipd::monitors
