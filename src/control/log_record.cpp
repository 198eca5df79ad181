#include "src/control/log_record.hpp"

#include "src/base/json_writer.hpp"

#include <fmt/format.h>
#include <sys/syslog.h>

#include <algorithm>

namespace vipd {
namespace {

struct Look {
    const char* colour;  // SGR
    int priority;  // syslog(3)
};

Look look(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return {"36", LOG_DEBUG};
        case LogLevel::info:
            return {"32", LOG_INFO};
        case LogLevel::warning:
            return {"33;1", LOG_WARNING};
        case LogLevel::error:
            return {"31;1", LOG_ERR};
    }
    return {"0", LOG_INFO};
}

/// One line, whatever somebody else's text contains.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, ' ');
    return text;
}

}  // namespace

std::string log_message(const LogRecord& record) {
    return fmt::format("{} {}: {}", record.code, record.subject, record.text);
}

std::string log_text(const LogRecord& record) {
    const auto time = iso_time(record.time);
    return fmt::format("{} \x1b[{}m{}\x1b[0m {}\n", time.substr(11, 12), look(record.level).colour,
                       to_string(record.level), one_line(log_message(record)));
}

std::string log_json(const LogRecord& record) {
    JsonWriter json;
    json.begin_object();
    json.member("time", iso_time(record.time));
    json.member("level", to_string(record.level));
    json.member("code", record.code);
    json.member("subject", record.subject);
    if (record.event) json.member("event", *record.event);
    if (record.cause) json.member("cause", *record.cause);
    json.member("message", log_message(record));
    json.end_object();
    return json.take() + "\n";
}

std::vector<std::string> log_fields(const LogRecord& record) {
    std::vector<std::string> fields{
        fmt::format("MESSAGE={}", log_message(record)),
        fmt::format("PRIORITY={}", look(record.level).priority),
        "SYSLOG_IDENTIFIER=vipd",
        fmt::format("VIPD_CODE={}", record.code),
        fmt::format("VIPD_SUBJECT={}", record.subject),
    };
    if (record.event) fields.push_back(fmt::format("VIPD_EVENT={}", *record.event));
    if (record.cause) fields.push_back(fmt::format("VIPD_CAUSE={}", *record.cause));
    return fields;
}

}  // namespace vipd
