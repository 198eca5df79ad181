#include "src/config/server_list.hpp"
#include "test/fuzz/targets.hpp"

#include <utility>

namespace vipd::fuzz {

void config_server_list(std::span<const std::uint8_t> data) {
    if (data.empty()) return;
    const auto text = text_of(data.subspan(1));
    Problems problems;
    const auto list = read_server_list(text, (data[0] & 1U) != 0, 0, problems);
    const bool refused = problems.count() > 0;
    require(refused || !list.empty());
    const auto told = std::move(problems).finish({{.name = "list", .lines = LineIndex(text)}});
    require(refused == !told.empty());
    for (const auto& problem : told)
        require(!problem.to_string().empty());
    if (refused) return;
    for (const auto& [name, server] : list)
        require(!name.empty() && (server.host_name.has_value() != !server.addresses.empty()));
}

}  // namespace vipd::fuzz
