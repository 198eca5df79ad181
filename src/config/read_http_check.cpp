#include "src/config/read_checks.hpp"
#include "src/config/url.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

constexpr std::uint64_t first_status = 100;
constexpr std::uint64_t last_status = 599;
constexpr std::size_t most_urls = 16;
constexpr std::size_t most_rules = 16;
constexpr std::size_t most_fields = 64;
constexpr std::size_t longest_text = 65536;
constexpr std::string_view url_example = "a URL such as \"http://en.example.org/healthz\"";

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

std::optional<Url> read_url(const JsonValue& value, std::string pointer, Problems& problems) {
    if (!value.is(Kind::string)) {
        problems.add(value.position, std::move(pointer), value.summary(), std::string(url_example));
        return std::nullopt;
    }
    auto url = parse_url(value.text);
    if (url) return std::move(*url);
    problems.add(value.position, std::move(pointer), value.summary(), url.error().accepted);
    return std::nullopt;
}

// "url", or several "urls" that are asked for over the same kind of connection.
std::vector<Url> read_urls(ObjectReader& reader) {
    std::vector<Url> urls;
    exclude(reader, "url", "urls");
    if (!reader.has("urls")) reader.require("url", url_example);
    if (const auto* value = reader.find("url")) {
        auto url = read_url(*value, pointer_to(reader.pointer(), "url"), reader.problems());
        if (url) urls.push_back(std::move(*url));
    }
    reader.elements("urls", 1, most_urls, "an array of 1 to 16 URLs",
                    [&](const JsonValue& value, const std::string& pointer) {
                        auto url = read_url(value, pointer, reader.problems());
                        if (!url) return;
                        const bool alike = urls.empty() || (url->scheme == urls.front().scheme &&
                                                            url->port == urls.front().port);
                        if (alike) {
                            urls.push_back(std::move(*url));
                        } else {
                            reader.problems().add(value.position, pointer, value.summary(),
                                                  "the scheme and port of the first URL");
                        }
                    });
    return urls;
}

void take_urls(ObjectReader& reader, const Folders& folders, const std::vector<Url>& urls,
               MonitorConfig& monitor, monitors::HttpCheck& check) {
    const bool secure = !urls.empty() && urls.front().scheme == "https";
    monitors::TlsOptions tls;
    if (!urls.empty()) {
        check.host = urls.front().authority();
        check.target = urls.front().target;
        monitor.port = urls.front().port;
        tls.name = urls.front().host;
    }
    for (std::size_t i = 1; i < urls.size(); ++i) {
        check.also.push_back({.host = urls[i].authority(), .target = urls[i].target});
    }
    reader.object("tls", [&](ObjectReader& nested) { read_tls_options(nested, folders, tls); });
    if (secure) check.tls = std::move(tls);
    if (const auto* written = reader.find("tls"); written != nullptr && !urls.empty() && !secure) {
        reader.reject("tls", *written, "no \"tls\" with http, or a URL with https");
    }
}

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [marks](char byte) {
        return std::isalnum(static_cast<unsigned char>(byte)) != 0 ||
               marks.find(byte) != std::string_view::npos;
    });
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    return out;
}

// Those that say how the message itself is sent are ours.
bool may_be_sent(std::string_view name) {
    const auto key = lower(name);
    return is_token(name) && key != "connection" && key != "content-length" &&
           key != "transfer-encoding";
}

// Calls visit(name, value, pointer) for each member of an object of header fields.
template <class Visit>
void each_field(ObjectReader& reader, std::string_view key, bool (*allowed)(std::string_view),
                std::string_view rule, Visit visit) {
    const auto* value = reader.find(key);
    if (value == nullptr) return;
    if (!value->is(Kind::object) || value->members.size() > most_fields) {
        reader.reject(key, *value, "an object of at most 64 header fields");
        return;
    }
    for (const auto& member : value->members) {
        auto pointer = pointer_to(pointer_to(reader.pointer(), key), member.key);
        if (!allowed(member.key)) {
            reader.problems().add(member.position, pointer,
                                  "the field name " + in_quotes(member.key), std::string(rule));
        }
        visit(member.key, member.value, std::move(pointer));
    }
}

void read_headers(ObjectReader& reader, monitors::HttpCheck& check) {
    each_field(reader, "headers", may_be_sent,
               "a field name, not Connection, Content-Length or Transfer-Encoding",
               [&](const std::string& name, const JsonValue& value, std::string pointer) {
                   if (auto text = ObjectReader::plain_text(value)) {
                       check.headers.emplace_back(name, std::move(*text));
                   } else {
                       reader.problems().add(value.position, std::move(pointer), value.summary(),
                                             "text");
                   }
               });
}

void check_regex(ObjectReader& reader, const monitors::TextRule& rule) {
    const auto* value = reader.find("regex");
    if (value == nullptr || rule.kind != monitors::TextRule::Kind::regex) return;
    if (const auto problem = monitors::regex_problem(rule.text)) {
        reader.reject("regex", *value, "an RE2 expression (" + *problem + ")");
    }
}

std::optional<std::string> digest_of(const JsonValue& value) {
    if (!value.is(Kind::string) || value.text.size() != 64) return std::nullopt;
    auto digest = lower(value.text);
    return digest.find_first_not_of("0123456789abcdef") == std::string::npos ? std::optional(digest)
                                                                             : std::nullopt;
}

std::optional<std::string> any_text(const JsonValue& value) {
    const bool fits =
        value.is(Kind::string) && !value.text.empty() && value.text.size() <= longest_text;
    return fits ? std::optional(value.text) : std::nullopt;
}

monitors::TextRule read_rule(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    monitors::TextRule rule;
    const int written = (reader.has("contains") ? 1 : 0) + (reader.has("regex") ? 1 : 0) +
                        (reader.has("sha256") ? 1 : 0);
    if (value.is(Kind::object) && written != 1) {
        problems.add(value.position, reader.pointer(), value.summary(),
                     "exactly one of \"contains\", \"regex\" and \"sha256\"");
    }
    if (reader.has("regex")) rule.kind = monitors::TextRule::Kind::regex;
    if (reader.has("sha256")) rule.kind = monitors::TextRule::Kind::sha256;
    reader.read("contains", rule.text, "text", any_text);
    reader.read("regex", rule.text, "an RE2 expression", any_text);
    reader.read("sha256", rule.text, "64 hex digits", digest_of);
    check_regex(reader, rule);
    reader.boolean("not", rule.negated);
    reader.finish();
    return rule;
}

// One rule, or an array of them.
void read_body(ObjectReader& reader, monitors::HttpCheck& check) {
    const auto* value = reader.find("body");
    if (value == nullptr) return;
    if (!value->is(Kind::array)) {
        check.body.push_back(
            read_rule(*value, pointer_to(reader.pointer(), "body"), reader.problems()));
        return;
    }
    reader.elements(
        "body", 1, most_rules, "a rule or an array of 1 to 16 rules",
        [&](const JsonValue& rule, std::string pointer) {
            check.body.push_back(read_rule(rule, std::move(pointer), reader.problems()));
        });
}

void read_response_headers(ObjectReader& reader, monitors::HttpCheck& check) {
    each_field(reader, "response_headers", is_token, "a field name",
               [&](const std::string& name, const JsonValue& value, std::string pointer) {
                   if (value.is(Kind::boolean) && value.boolean) {
                       check.fields.push_back({.name = name, .value = std::nullopt});
                   } else if (value.is(Kind::object)) {
                       check.fields.push_back(
                           {.name = name,
                            .value = read_rule(value, std::move(pointer), reader.problems())});
                   } else {
                       reader.problems().add(value.position, std::move(pointer), value.summary(),
                                             "true (it is there) or a rule for its value");
                   }
               });
}

}  // namespace

void read_http_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor) {
    monitors::HttpCheck check;
    const auto urls = read_urls(reader);
    take_urls(reader, folders, urls, monitor, check);
    reader.integer("required", check.required, 1, std::max<std::size_t>(urls.size(), 1),
                   "a number of URLs");
    reader.choice<std::string>("method", check.method,
                               {{"GET", "GET"}, {"HEAD", "HEAD"}, {"OPTIONS", "OPTIONS"}});
    reader.list("status", check.status, 1, 32,
                R"(a status code from 100 to 599 or a range such as "200-299")", status_of);
    read_headers(reader, check);
    read_body(reader, check);
    read_response_headers(reader, check);
    reader.boolean("reuse", check.reuse);
    reader.integer("max_body", check.max_body, 1, 16777216, "a number of bytes");
    monitor.check = std::move(check);
}

}  // namespace vipd
