#include "src/config/server_list.hpp"

#include "src/config/host_names.hpp"
#include "src/config/object_reader.hpp"
#include "src/config/python_literal.hpp"
#include "src/config/read_group.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

constexpr std::int32_t pybal_weight = 10;

// Keys that both forms have. Without an address the name must be one, or a host's.
ServerConfig read_entry(ObjectReader& reader, const JsonValue& entry, const std::string& name) {
    ServerConfig server;
    server.weight = pybal_weight;
    reader.integer("weight", server.weight, 0, 65535, "a weight");
    bool enabled = true;
    reader.boolean("enabled", enabled);
    server.state = enabled ? Admin::enabled : Admin::disabled;
    read_server_address(reader, server);
    if (reader.has("address")) return server;
    if (const auto address = Address::parse(name)) {
        server.addresses = {*address};
        return server;
    }
    server.host_name = parse_host_name(name);
    if (!server.host_name) {
        reader.problems().add(entry.position, reader.pointer(), "the name " + in_quotes(name),
                              "an IP address or a host name, or an \"address\" beside it");
    }
    return server;
}

ServerList read_json_list(std::string_view text, std::uint32_t file, Problems& problems) {
    auto json = read_json(text, file);
    for (auto& problem : json.problems) {
        problems.add(problem.position, std::move(problem.pointer), std::move(problem.found),
                     std::move(problem.accepted));
    }
    ServerList servers;
    if (!json.complete) return servers;
    if (!json.root.is(Kind::object)) {
        problems.add(json.root.position, {}, json.root.summary(), "an object of servers");
        return servers;
    }
    for (const auto& member : json.root.members) {
        auto pointer = pointer_to("", member.key);
        if (!is_name(member.key)) {
            problems.add(member.position, pointer, "the name " + in_quotes(member.key),
                         std::string(name_rule));
        }
        ObjectReader reader(member.value, std::move(pointer), problems);
        servers.emplace(member.key, read_entry(reader, member.value, member.key));
        reader.finish();
    }
    return servers;
}

void read_line(const JsonValue& entry, Problems& problems, ServerList& servers) {
    ObjectReader reader(entry, {}, problems);
    std::string name;
    for (const auto* key : {"host", "weight", "enabled"}) {
        reader.require(key, "all of 'host', 'weight' and 'enabled'");
    }
    reader.read("host", name, name_rule, [](const JsonValue& value) {
        return value.is(Kind::string) && is_name(value.text) ? std::optional(value.text)
                                                             : std::nullopt;
    });
    auto server = read_entry(reader, entry, name);
    reader.finish();
    if (!servers.emplace(name, std::move(server)).second) {
        problems.add(entry.position, {}, "the host " + in_quotes(name) + " a second time",
                     "each host once");
    }
}

ServerList read_text_list(std::string_view text, std::uint32_t file, Problems& problems) {
    ServerList servers;
    std::size_t start = 0;
    while (start < text.size()) {
        const auto end = std::min(text.find('\n', start), text.size());
        const auto line = text.substr(start, end - start);
        const auto first = line.find_first_not_of(" \t\r");
        if (first != std::string_view::npos && line[first] != '#') {
            const SourcePosition position{.file = file,
                                          .offset = static_cast<std::uint32_t>(start + first)};
            if (const auto entry = parse_python_dict(line.substr(first), position)) {
                read_line(*entry, problems, servers);
            } else {
                problems.add(position, {}, "the line " + in_quotes(line.substr(first)),
                             "{'host': '10.0.0.11', 'weight': 10, 'enabled': True}");
            }
        }
        start = end + 1;
    }
    return servers;
}

}  // namespace

bool is_json_list(std::string_view path) {
    return path.ends_with(".json");
}

ServerList read_server_list(std::string_view text, bool json, std::uint32_t file,
                            Problems& problems) {
    if (text.size() > json_max_bytes) {
        problems.add({.file = file, .offset = 0}, {}, fmt::format("{} bytes", text.size()),
                     fmt::format("at most {} bytes", json_max_bytes));
        return {};
    }
    const auto before = problems.count();
    auto servers =
        json ? read_json_list(text, file, problems) : read_text_list(text, file, problems);
    if (servers.empty() && problems.count() == before) {
        problems.add({.file = file, .offset = 0}, {}, "no server", "at least one server");
    }
    return servers;
}

}  // namespace vipd
