#include "src/control/log.hpp"

#include "src/control/log_limit.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION  // it would name this file for every line
#include <systemd/sd-journal.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace vipd {
namespace {

/// Records that wait to be written.
constexpr std::size_t most_waiting = 10'000;

void write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;  // there is nobody left to tell
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

bool write_journal(const LogRecord& record) {
    const auto fields = log_fields(record);
    std::vector<::iovec> parts;
    for (const auto& field : fields)
        parts.push_back({const_cast<char*>(field.data()), field.size()});
    return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace

LogForm log_form_of_stderr() {
    if (::isatty(STDERR_FILENO) == 1) return LogForm::text;
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct ::stat found {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &found) != 0) return LogForm::json;
    return fmt::format("{}:{}", found.st_dev, found.st_ino) == stream ? LogForm::journal
                                                                      : LogForm::json;
}

struct Log::State {
    State(LogForm how, int where) : form(how), descriptor(where) {}

    void run();
    std::deque<LogRecord> wait(std::optional<TimePoint> deadline);
    void write(const LogRecord& record) const;
    void tell(const std::string& code, const std::string& text) const;
    void tell_what_was_left();

    const LogForm form;
    const int descriptor;
    std::atomic<LogLevel> level{LogLevel::info};

    std::mutex mutex;
    std::condition_variable arrived;
    // Shared, under `mutex`.
    std::deque<LogRecord> waiting;
    std::size_t dropped = 0;
    bool stop = false;

    LogLimit limit;  // the thread's own
    std::thread thread;
};

/// What has arrived by the deadline; nothing, and the end, when it is to stop and all is taken.
std::deque<LogRecord> Log::State::wait(std::optional<TimePoint> deadline) {
    std::unique_lock lock(mutex);
    const auto ready = [this] { return stop || !waiting.empty(); };
    if (deadline) {
        arrived.wait_until(lock, *deadline, ready);
    } else {
        arrived.wait(lock, ready);
    }
    return std::exchange(waiting, {});
}

void Log::State::run() {
    while (true) {
        const auto records = wait(limit.deadline());
        for (const auto& record : records) {
            if (limit.admit(record.code, Clock::now())) write(record);
        }
        tell_what_was_left();
        const std::lock_guard lock(mutex);
        if (stop && waiting.empty()) return;
    }
}

void Log::State::tell_what_was_left() {
    for (const auto& [cause, lines] : limit.take_left(Clock::now())) {
        tell("log-limited",
             fmt::format("{} more lines of {} in the last {} s; events have them all", lines, cause,
                         LogLimit::window_length.count() / 1000));
    }
    std::size_t lost = 0;
    {
        const std::lock_guard lock(mutex);
        lost = std::exchange(dropped, 0);
    }
    if (lost > 0) tell("log-dropped", fmt::format("{} lines could not be written in time", lost));
}

void Log::State::tell(const std::string& code, const std::string& text) const {
    LogRecord record;
    record.time = std::chrono::system_clock::now();
    record.level = LogLevel::warning;
    record.code = code;
    record.subject = "vipd";
    record.text = text;
    write(record);
}

void Log::State::write(const LogRecord& record) const {
    if (form == LogForm::journal && write_journal(record)) return;
    write_all(descriptor, form == LogForm::text ? log_text(record) : log_json(record));
}

Log::Log(LogForm form, int descriptor) : state_(std::make_unique<State>(form, descriptor)) {
    state_->thread = std::thread([state = state_.get()] {
        ::pthread_setname_np(::pthread_self(), "vipd-log");
        state->run();
    });
}

Log::~Log() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stop = true;
    }
    state_->arrived.notify_one();
    state_->thread.join();
}

void Log::write(LogRecord record) {
    if (record.level < level()) return;
    record.time = std::chrono::system_clock::now();
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->waiting.size() >= most_waiting) {
            ++state_->dropped;
            return;
        }
        state_->waiting.push_back(std::move(record));
    }
    state_->arrived.notify_one();
}

void Log::write(LogLevel level, std::string code, std::string subject, std::string text) {
    write({{}, level, std::move(code), std::move(subject), std::move(text), {}, {}});
}

void Log::set_level(LogLevel level) {
    state_->level = level;
}

LogLevel Log::level() const {
    return state_->level;
}

}  // namespace vipd
