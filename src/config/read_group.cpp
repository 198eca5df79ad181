#include "src/config/read_group.hpp"

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

constexpr std::uint64_t most_connections = 4294967295;

GroupConfig read_listed(const JsonValue& value, const std::string& pointer, const Folders& folders,
                        const ServerLists& lists, Problems& problems) {
    ObjectReader reader(value, pointer, problems);
    GroupConfig group;
    reader.path("servers_file", group.servers_file, folders);
    reader.finish();
    if (!group.servers_file) return group;
    if (const auto list = lists.find(*group.servers_file); list != lists.end())
        group.servers = list->second;
    return group;
}

}  // namespace

ServerConfig read_server(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    ServerConfig server;
    reader.require("address", "the server's IP address, or an array of one of each family");
    reader.addresses("address", server.addresses);
    reader.integer("port", server.port, 1, 65535, "a port");
    reader.integer("weight", server.weight, 0, 65535, "a weight");
    reader.integer("upper_threshold", server.upper_threshold, 0, most_connections, "connections");
    reader.integer("lower_threshold", server.lower_threshold, 0, most_connections, "connections");
    reader.choice("state", server.state,
                  {{"enabled", Admin::enabled},
                   {"draining", Admin::draining},
                   {"disabled", Admin::disabled}});
    reader.finish();
    return server;
}

GroupConfig read_group(const JsonValue& value, const std::string& pointer, const Folders& folders,
                       const ServerLists& lists, Problems& problems) {
    constexpr std::string_view accepted =
        "an object of at least one server, or of a \"servers_file\"";
    const auto* listed = value.is(Kind::object) ? value.find("servers_file") : nullptr;
    if (listed != nullptr) return read_listed(value, pointer, folders, lists, problems);
    GroupConfig group;
    if (!value.is(Kind::object) || value.members.empty()) {
        problems.add(value.position, pointer, value.summary(), std::string(accepted));
        return group;
    }
    for (const auto& member : value.members) {
        auto at = pointer_to(pointer, member.key);
        if (!is_name(member.key)) {
            problems.add(member.position, at, "the name " + in_quotes(member.key),
                         std::string(name_rule));
        }
        group.servers.emplace(member.key, read_server(member.value, std::move(at), problems));
    }
    return group;
}

}  // namespace vipd
