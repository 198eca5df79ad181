// Monitors of other kinds: dns, icmp, script, file.
#include "src/config/read_checks.hpp"

#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

template <class Parse>
auto name_parser(Parse parse) {
    return [parse](const JsonValue& value) {
        using Parsed = decltype(parse(value.text));
        return value.is(Kind::string) ? parse(value.text) : Parsed{};
    };
}

}  // namespace

void read_dns_check(ObjectReader& reader, const Folders& /*folders*/, MonitorConfig& monitor) {
    monitors::DnsCheck check;
    read_port(reader, monitor);
    reader.require("name", "the name to ask for");
    reader.read("name", check.name, "a DNS name", [](const JsonValue& value) {
        const bool fits = value.is(Kind::string) && monitors::is_dns_name(value.text);
        return fits ? std::optional(value.text) : std::nullopt;
    });
    reader.read("record_type", check.type, R"(a type such as "A", "AAAA" or "TYPE65")",
                name_parser([](const std::string& text) { return monitors::dns_type(text); }));
    reader.choice("transport", check.tcp, {{"udp", false}, {"tcp", true}});
    reader.boolean("recursion", check.recursion);
    reader.list("rcodes", check.rcodes, 1, 16, R"(a response code such as "NOERROR" or "NXDOMAIN")",
                name_parser([](const std::string& text) { return monitors::dns_rcode(text); }));
    reader.list("answers", check.answers, 0, 64, "a record as dig +short shows it",
                ObjectReader::plain_text);
    monitor.check = std::move(check);
}

void read_icmp_check(ObjectReader& /*reader*/, const Folders& /*folders*/, MonitorConfig& monitor) {
    monitor.check = monitors::IcmpCheck{};
}

void read_script_check(ObjectReader& reader, const Folders& /*folders*/, MonitorConfig& monitor) {
    constexpr std::string_view accepted =
        "an array of 1 to 64 texts: a program's absolute path, and its arguments";
    monitors::ScriptCheck check;
    reader.require("command", accepted);
    reader.elements("command", 1, 64, accepted, [&](const JsonValue& value, std::string pointer) {
        const auto text = ObjectReader::plain_text(value);
        const bool program = check.arguments.empty();
        if (text && (!program || text->starts_with('/'))) {
            check.arguments.push_back(*text);
        } else {
            reader.problems().add(value.position, std::move(pointer), value.summary(),
                                  program ? "the absolute path of a program" : "text");
        }
    });
    reader.boolean("weight_from_exit", check.weight_from_exit);
    monitor.check = std::move(check);
}

void read_file_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor) {
    using Rule = monitors::FileCheck::Rule;
    monitors::FileCheck check;
    reader.require("path", "the path of a file");
    reader.path("path", check.path, folders);
    reader.choice("rule", check.rule,
                  {{"present", Rule::present}, {"absent", Rule::absent}, {"weight", Rule::weight}});
    monitor.check = std::move(check);
}

}  // namespace vipd
