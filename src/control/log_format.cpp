#include "src/control/log_format.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace vipd {
namespace {

/// {"time":"…Z","level":"info","message":"…"}: JSON's escapes need a writer, spdlog's patterns have
/// none.
class JsonFormatter : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto since_epoch = message.time.time_since_epoch();
        const auto micros =
            std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
        const std::time_t seconds = micros / 1'000'000;
        std::tm utc{};
        ::gmtime_r(&seconds, &utc);
        const auto level = spdlog::level::to_string_view(message.level);
        nlohmann::ordered_json line;
        line["time"] = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                                   micros % 1'000'000);
        line["level"] = std::string_view(level.data(), level.size());
        line["message"] = std::string_view(message.payload.data(), message.payload.size());
        const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        out.append(text.data(), text.data() + text.size());
        out.push_back('\n');
    }

    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<JsonFormatter>();
    }
};

}  // namespace

void set_up_log(bool terminal) {
    if (terminal) {
        spdlog::set_default_logger(spdlog::stderr_color_mt("vipd"));
        spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
        return;
    }
    spdlog::set_default_logger(spdlog::stderr_logger_mt("vipd"));
    spdlog::set_formatter(std::make_unique<JsonFormatter>());
}

}  // namespace vipd
