#include "src/config/read_monitor.hpp"

#include "test/unit/config/documents.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::test;
using Lines = std::vector<std::string>;

namespace {

struct Reading {
    MonitorConfig monitor;
    Lines problems;
};

Reading read_one(const std::string& text, const std::string& defaults = "{}") {
    auto document = smallest();
    document["defaults"]["monitor"] = nlohmann::json::parse(defaults);
    document["services"]["http"]["monitors"] = nlohmann::json::array({nlohmann::json::parse(text)});
    Reading result;
    const auto reading = read(document);
    for (const auto& problem : reading.problems) {
        const auto start = problem.pointer.find("monitors/0");
        const auto pointer =
            start == std::string::npos ? problem.pointer : problem.pointer.substr(start + 10);
        result.problems.push_back(pointer + ": found " + problem.found + ", expected " +
                                  problem.accepted);
    }
    const auto& monitors = reading.config.services.at("http").monitors;
    if (!monitors.empty()) result.monitor = monitors.front();
    return result;
}

template <class Check>
Check check_of(const std::string& text) {
    const auto [monitor, problems] = read_one(text);
    REQUIRE(problems == Lines{});
    REQUIRE(std::holds_alternative<Check>(monitor.check));
    return std::get<Check>(monitor.check);
}

}  // namespace

TEST_CASE("every monitor has times, thresholds and a source") {
    const auto [monitor, problems] =
        read_one(R"({"type": "icmp", "interval": "4s", "fast_interval": "2s",
        "down_interval": "8s", "source": {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}})");
    CHECK(problems == Lines{});
    CHECK(monitor.fast_interval == 2s);
    CHECK(monitor.down_interval == 8s);
    CHECK(monitor.source.size() == 2);
    CHECK(read_one(R"({"type": "icmp", "source": "2001:db8::1"})").monitor.source ==
          std::map<Family, Address>{{Family::ipv6, *Address::parse("2001:db8::1")}});
    CHECK(read_one(R"({"type": "icmp"})", R"({"down_interval": "1m"})").monitor.down_interval ==
          1min);
}

TEST_CASE("times that contradict each other are refused where they are written") {
    CHECK(
        read_one(R"({"type": "icmp", "fast_interval": "6s"})").problems ==
        Lines{
            R"(/fast_interval: found "6s", expected a fast_interval that is not longer than the interval (6s > 5s))"});
    CHECK(
        read_one(R"({"type": "icmp", "down_interval": "4s"})").problems ==
        Lines{
            R"(/down_interval: found "4s", expected a down_interval that is not shorter than the interval (4s < 5s))"});
    CHECK(read_one(R"({"type": "icmp"})", R"({"down_interval": "4s"})").problems.size() == 1);
}

TEST_CASE("an https URL brings TLS with the name of its host") {
    const auto check = check_of<monitors::HttpCheck>(
        R"({"type": "http", "url": "https://en.example.org:8443/x"})");
    REQUIRE(check.tls);
    CHECK(check.tls->name == "en.example.org");
    CHECK(check.tls->verify);
    CHECK(check.host == "en.example.org:8443");
    const auto other = check_of<monitors::HttpCheck>(
        R"({"type": "http", "url": "https://a/", "tls": {"verify": false,
        "name": "b", "ca_file": "ca", "certificate_file": "/c", "key_file": "k", "expiry_margin": "24h"}})");
    CHECK(*other.tls == monitors::TlsOptions{.verify = false,
                                             .name = "b",
                                             .ca_file = "/etc/vipd/ca",
                                             .certificate_file = "/c",
                                             .key_file = "/etc/vipd/k",
                                             .expiry_margin = 24h});
    CHECK_FALSE(check_of<monitors::HttpCheck>(R"({"type": "http", "url": "http://a/"})").tls);
}

TEST_CASE("an http monitor has rules for what is sent and what comes back") {
    const auto check =
        check_of<monitors::HttpCheck>(R"({"type": "http", "urls": ["http://a/1", "http://b/2"],
        "required": 1, "headers": {"X-A": "1"}, "body": [{"contains": "x"}, {"regex": "y+", "not": true}],
        "response_headers": {"Server": true, "Via": {"contains": "z"}}, "max_body": 10, "reuse": true})");
    using Kind = monitors::TextRule::Kind;
    CHECK(check.host == "a");
    CHECK(check.also == std::vector<monitors::HttpTarget>{{.host = "b", .target = "/2"}});
    CHECK(check.required == 1);
    CHECK(check.headers == std::vector<std::pair<std::string, std::string>>{{"X-A", "1"}});
    CHECK(check.body ==
          std::vector<monitors::TextRule>{{.kind = Kind::contains, .text = "x", .negated = false},
                                          {.kind = Kind::regex, .text = "y+", .negated = true}});
    REQUIRE(check.fields.size() == 2);
    CHECK_FALSE(check.fields[0].value);
    CHECK(check.fields[1].value->text == "z");
    CHECK(check.max_body == 10);
    CHECK(check.reuse);
    const auto digest = check_of<monitors::HttpCheck>(
        R"({"type": "http", "url": "http://a/", "body": {"sha256": ")" + std::string(64, 'A') +
        R"("}})");
    CHECK(digest.body.at(0).text == std::string(64, 'a'));
}

TEST_CASE("tcp and tls monitors speak") {
    const auto tcp = check_of<monitors::TcpCheck>(
        R"({"type": "tcp", "exchanges": [{"send": "a\r\n", "expect": "b"},
        {"send_hex": "0a 0B0c", "expect_hex": "1? ??", "at_start": false}]})");
    REQUIRE(tcp.exchanges.size() == 2);
    CHECK(tcp.exchanges[0].send == "a\r\n");
    CHECK(tcp.exchanges[0].expect == monitors::BytePattern::literal("b"));
    CHECK(tcp.exchanges[1].send == "\x0a\x0b\x0c");
    CHECK(tcp.exchanges[1].expect == *monitors::BytePattern::parse_hex("1? ??"));
    CHECK_FALSE(tcp.exchanges[1].at_start);
    CHECK(check_of<monitors::TcpCheck>(R"({"type": "tcp", "preset": "smtp"})").exchanges ==
          monitors::smtp_preset());
    CHECK(
        check_of<monitors::TlsCheck>(R"({"type": "tls", "tls": {"name": "h"}, "preset": "redis"})")
            .exchanges == monitors::redis_preset());
    CHECK_FALSE(
        check_of<monitors::TlsCheck>(R"({"type": "tls", "tls": {"verify": false}})").tls.verify);
    check_of<monitors::IdleTcpCheck>(R"({"type": "idle-tcp", "port": 1})");
}

TEST_CASE("datagram, script and file monitors are read") {
    CHECK(
        check_of<monitors::UdpCheck>(R"({"type": "udp", "send": "a", "expect_hex": "00"})").send ==
        "a");
    const auto dns = check_of<monitors::DnsCheck>(
        R"({"type": "dns", "name": "example.org", "record_type": "AAAA",
        "transport": "tcp", "recursion": false, "rcodes": ["NXDOMAIN"], "answers": ["::1"]})");
    CHECK(dns.type == 28);
    CHECK(dns.tcp);
    CHECK_FALSE(dns.recursion);
    CHECK(dns.rcodes == std::vector<std::uint8_t>{3});
    CHECK(dns.answers == Lines{"::1"});
    CHECK(check_of<monitors::ScriptCheck>(
              R"({"type": "script", "command": ["/x", "-a"], "weight_from_exit": true})") ==
          monitors::ScriptCheck{.arguments = {"/x", "-a"}, .weight_from_exit = true});
    CHECK(check_of<monitors::FileCheck>(R"({"type": "file", "path": "flag", "rule": "absent"})") ==
          monitors::FileCheck{.path = "/etc/vipd/flag", .rule = monitors::FileCheck::Rule::absent});
}

TEST_CASE("keys of a monitor that do not fit are named with what would do") {
    using Case = std::pair<std::string, std::string>;
    for (
        const auto& [text, line] : std::vector<Case>{
            {R"({"type": "http", "url": "http://a/", "urls": ["http://a/"]})",
             R"(/urls: found an array, expected either "url" or "urls", not both)"},
            {R"({"type": "http", "urls": ["http://a/", "https://a/"]})",
             R"(/urls/1: found "https://a/", expected the scheme and port of the first URL)"},
            {R"({"type": "http", "urls": ["http://a/", "http://a:81/"]})",
             R"(/urls/1: found "http://a:81/", expected the scheme and port of the first URL)"},
            {R"({"type": "http", "urls": ["http://a/"], "required": 2})",
             "/required: found 2, expected a number of URLs from 1 to 1"},
            {R"({"type": "http", "url": "http://a/", "tls": {}})",
             R"(/tls: found an empty object, expected no "tls" with http, or a URL with https)"},
            {R"({"type": "http", "url": "https://a/", "tls": {"key_file": "k"}})",
             "/tls/certificate_file: found nothing, expected the certificate of the key"},
            {R"({"type": "http", "url": "http://a/", "headers": {"Connection": "x"}})",
             R"(/headers/Connection: found the field name "Connection", expected a field name, not Connection, Content-Length or Transfer-Encoding)"},
            {R"({"type": "http", "url": "http://a/", "headers": {"a b": "x"}})",
             R"(/headers/a b: found the field name "a b", expected a field name, not Connection, Content-Length or Transfer-Encoding)"},
            {R"({"type": "http", "url": "http://a/", "headers": {"A": "x\r\nB: y"}})",
             R"(/headers/A: found "x\u000d\u000aB: y", expected text)"},
            {R"({"type": "http", "url": "http://a/", "body": {}})",
             R"(/body: found an empty object, expected exactly one of "contains", "regex" and "sha256")"},
            {R"({"type": "http", "url": "http://a/", "body": {"sha256": "ab"}})",
             R"(/body/sha256: found "ab", expected 64 hex digits)"},
            {R"({"type": "http", "url": "http://a/", "response_headers": {"A": false}})",
             "/response_headers/A: found false, expected true (it is there) or a rule for its "
             "value"},
            {R"({"type": "tcp", "preset": "ftp"})",
             R"(/preset: found "ftp", expected "redis" or "smtp")"},
            {R"({"type": "tcp", "preset": "smtp", "exchanges": [{"expect": "a"}]})",
             R"(/preset: found "smtp", expected either "exchanges" or "preset", not both)"},
            {R"({"type": "tcp", "exchanges": [{"send": "a"}]})",
             R"(/exchanges: found a last exchange that expects nothing, expected one with "expect" or "expect_hex")"},
            {R"({"type": "tcp", "exchanges": [{"expect_hex": "0g"}]})",
             R"(/exchanges/0/expect_hex: found "0g", expected pairs of hex digits such as "48 6? ??", ? for any digit)"},
            {R"({"type": "tcp", "exchanges": [{"send_hex": "0", "expect": "a"}]})",
             R"(/exchanges/0/send_hex: found "0", expected pairs of hex digits such as "48 65 6c")"},
            {R"({"type": "tls", "tls": {}})",
             R"(/tls/name: found nothing, expected the name in the certificate, or "verify": false)"},
            {R"({"type": "dns"})", "/name: found nothing, expected the name to ask for"},
            {R"({"type": "dns", "name": "a", "record_type": "HELLO"})",
             R"(/record_type: found "HELLO", expected a type such as "A", "AAAA" or "TYPE65")"},
            {R"({"type": "script", "command": ["x"]})",
             R"(/command/0: found "x", expected the absolute path of a program)"},
            {R"({"type": "icmp", "port": 1})",
             R"(/port: found the unknown key "port", expected one of type, interval, timeout, rise, fall, fast_interval, down_interval, source, advisory)"},
        }) {
        CAPTURE(text);
        CHECK(read_one(text).problems == Lines{line});
    }
    const auto regex =
        read_one(R"({"type": "http", "url": "http://a/", "body": {"regex": "("}})").problems;
    REQUIRE(regex.size() == 1);
    CHECK_THAT(regex[0],
               Catch::StartsWith(R"(/body/regex: found "(", expected an RE2 expression ()"));
}
