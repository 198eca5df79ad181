#pragma once
// The log: takes records from any thread and writes them on its own, so that a terminal, a pipe or
// a journal that does not take them delays nobody. Bounded; what does not fit is counted and told.

#include "src/control/log_record.hpp"

#include <memory>

namespace vipd {

/// Text for a terminal, fields for the journal (where standard error is one of its streams:
/// systemd.exec(5), JOURNAL_STREAM), JSON lines for everything else.
enum class LogForm { text, json, journal };

LogForm log_form_of_stderr();

class Log {
public:
    explicit Log(LogForm form, int descriptor = 2);
    /// Writes what is left and joins.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// From any thread; never waits. Its time is set here.
    void write(LogRecord record);
    void write(LogLevel level, std::string code, std::string subject, std::string text);

    /// What is below is not written. From any thread.
    void set_level(LogLevel level);
    LogLevel level() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vipd
