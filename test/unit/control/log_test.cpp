#include "src/control/log.hpp"

#include "src/control/log_limit.hpp"
#include "src/control/log_news.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>

using namespace vipd;
using namespace std::chrono_literals;

namespace {

LogRecord server_down() {
    LogRecord record;
    record.time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 5h + 1ms;
    record.level = LogLevel::warning;
    record.code = "server-down";
    record.subject = "text/cp1";
    record.text = "http: \"503\"";
    record.event = 7;
    record.cause = 6;
    return record;
}

struct Pipe {
    Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }

    std::string read_all() const {
        std::string all;
        std::array<char, 65536> part{};
        for (ssize_t size = 0; (size = ::read(ends[0], part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(size));
        ::close(ends[0]);
        return all;
    }
    void close() const { ::close(ends[1]); }

    std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("a line of JSON has the facts apart and the message whole") {
    const auto line = nlohmann::json::parse(log_json(server_down()));
    CHECK(line["time"] == "2026-11-21T05:00:00.001Z");
    CHECK(line["level"] == "warning");
    CHECK(line["code"] == "server-down");
    CHECK(line["event"] == 7);
    CHECK(line["cause"] == 6);
    CHECK(line["message"] == "server-down text/cp1: http: \"503\"");
}

TEST_CASE("the level of an event says whether to look at it") {
    const auto level = [](std::string code) {
        Event event;
        event.code = std::move(code);
        return log_record(event).level;
    };
    CHECK(level("vip-withdrawn") == LogLevel::error);
    CHECK(level("server-down") == LogLevel::warning);
    CHECK(level("crash-loop") == LogLevel::warning);
    CHECK(level("server-up") == LogLevel::info);
}

TEST_CASE("the journal gets the facts as fields, with the priority of syslog") {
    const auto fields = log_fields(server_down());
    for (const auto* field :
         {"MESSAGE=server-down text/cp1: http: \"503\"", "PRIORITY=4", "SYSLOG_IDENTIFIER=vipd",
          "VIPD_CODE=server-down", "VIPD_SUBJECT=text/cp1", "VIPD_EVENT=7", "VIPD_CAUSE=6"})
        CHECK(std::ranges::count(fields, field) == 1);
}

TEST_CASE("a line of text is one line, whatever a server says") {
    auto record = server_down();
    record.text = "evil\n05:00:00 all is well\x1b[2J";
    CHECK(log_text(record) ==
          "05:00:00.001 \x1b[33;1mwarning\x1b[0m server-down text/cp1: evil 05:00:00 all is well "
          "[2J\n");
    CHECK(std::ranges::count(log_json(record), '\n') == 1);
}

TEST_CASE("of one cause so many lines are written in a while, and the rest is counted") {
    const TimePoint start(1h);
    LogLimit limit;
    CHECK_FALSE(limit.deadline());
    std::size_t written = 0;
    for (int i = 0; i < 250; ++i)
        written += limit.admit("server-down", start) ? 1U : 0U;
    CHECK(written == LogLimit::most);
    CHECK(limit.admit("drift", start + 1s));
    CHECK(limit.take_left(start + 9s).empty());
    CHECK(limit.deadline() == start + 10s);
    const auto left = limit.take_left(start + 10s);
    REQUIRE(left.size() == 1);
    CHECK(left[0].cause == "server-down");
    CHECK(left[0].lines == 150);
    CHECK(limit.admit("server-down", start + 10s));
    CHECK(limit.take_left(start + 30s).empty());
}

TEST_CASE("a log writes what its level lets through, to the last line, and the level can change",
          "[edge]") {
    const Pipe pipe;
    {
        Log log(LogForm::json, pipe.ends[1]);
        log.write(LogLevel::debug, "a", "s", "not told");
        log.set_level(LogLevel::debug);
        log.write(LogLevel::debug, "b", "s", "told");
        log.set_level(LogLevel::error);
        log.write(LogLevel::warning, "c", "s", "not told");
        log.write(LogLevel::error, "d", "s", "told");
    }
    pipe.close();
    const auto lines = pipe.read_all();
    CHECK(std::ranges::count(lines, '\n') == 2);
    CHECK(lines.find("\"b s: told\"") < lines.find("\"d s: told\""));
}

TEST_CASE("nobody waits for a log that nobody reads; what does not fit is counted", "[edge]") {
    const Pipe pipe;
    std::future<std::string> reader;
    {
        Log log(LogForm::json, pipe.ends[1]);
        // More than the pipe has room for, one batch under way, and all that may wait.
        for (int i = 0; i < 30'000; ++i)
            log.write(LogLevel::info, "code-" + std::to_string(i % 1000), "subject", "text");
        reader = std::async(std::launch::async, [&] { return pipe.read_all(); });
    }
    pipe.close();
    CHECK(reader.get().find("lines could not be written in time") != std::string::npos);
}
