#include "src/control/check_reload.hpp"

#include "src/base/json_writer.hpp"
#include "src/config/difference.hpp"
#include "src/config/shrink_guard.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

std::string details_of(const std::vector<std::string>& lines) {
    JsonWriter json;
    json.value(lines);
    return json.take();
}

template <class Items>
std::vector<std::string> lines_of(const Items& items) {
    std::vector<std::string> lines;
    for (const auto& item : items)
        lines.push_back(item.to_string());
    return lines;
}

CommandResult refuse(const std::string& why, const std::vector<std::string>& lines) {
    return {Outcome::refused, fmt::format("{}: {}", why, fmt::join(lines, "; ")),
            details_of(lines)};
}

}  // namespace

CommandResult check_reload(const Config& running, const ConfigReading& reading, bool allow_shrink) {
    if (!reading.ok()) return refuse("nothing was changed", lines_of(reading.problems));
    const auto found = differences(running, reading.config);
    if (const auto blocking = needing_restart(found); !blocking.empty()) {
        return refuse("this needs a restart, nothing was changed", lines_of(blocking));
    }
    if (const auto objections = shrink_objections(running, reading.config);
        !objections.empty() && !allow_shrink) {
        return refuse("nothing was changed; --allow-shrink overrides", objections);
    }
    return {Outcome::done, fmt::format("{} differences", found.size()),
            details_of(lines_of(found))};
}

}  // namespace vipd
