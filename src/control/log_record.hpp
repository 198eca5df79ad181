#pragma once
// A line of the log as a value, and the forms in which it is written. Pure.

#include "src/base/log_level.hpp"
#include "src/status/wall_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vipd {

struct LogRecord {
    WallTime time;
    LogLevel level = LogLevel::info;
    std::string code;  // what happened, as of events: "server-down"
    std::string subject;
    std::string text;
    /// Of an event: its number, and that of the event that led to it.
    std::optional<std::uint64_t> event;
    std::optional<std::uint64_t> cause;
};

/// "server-down text-https/cp1: connect-refused: …"
std::string log_message(const LogRecord& record);

/// For people at a terminal: time of day, level in colour, message.
std::string log_text(const LogRecord& record);

/// {"time":"…Z","level":"warning","code":"server-down","subject":…,"event":7,"message":…}
std::string log_json(const LogRecord& record);

/// "MESSAGE=…", "PRIORITY=4", "VIPD_CODE=server-down", …: systemd.journal-fields(7).
std::vector<std::string> log_fields(const LogRecord& record);

}  // namespace vipd
