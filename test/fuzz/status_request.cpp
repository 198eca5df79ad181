#include "src/status/command_json.hpp"
#include "src/status/request_target.hpp"
#include "test/fuzz/targets.hpp"

#include <algorithm>

namespace vipd::fuzz {

void status_request(std::span<const std::uint8_t> data) {
    const auto text = text_of(data);
    const auto line_end = std::min(text.find('\n'), text.size());
    if (const auto target = RequestTarget::parse(text.substr(0, line_end)))
        require(target->path.size() <= 16 && target->query.size() <= 16);
    const std::string body(text.substr(std::min(line_end + 1, text.size())));
    for (const auto* verb : {"drain", "reset", "maintenance", "reload", "restart", "log"}) {
        const auto command = read_command(verb, body, {});
        require(command || !command.error().text.empty());
    }
}

}  // namespace vipd::fuzz
