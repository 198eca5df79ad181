#include "src/config/read_group.hpp"

#include "src/config/host_names.hpp"

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

constexpr std::uint64_t most_connections = 4294967295;
constexpr std::string_view server_address_rule =
    "an IP address, an array of one of each family, or a host name";

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

void read_server_address(ObjectReader& reader, ServerConfig& server) {
    const auto* value = reader.find("address");
    if (value == nullptr) return;
    if (value->is(Kind::array)) return reader.addresses("address", server.addresses);
    if (const auto address = ObjectReader::address_of(*value)) {
        server.addresses = {*address};
        return;
    }
    if (value->is(Kind::string)) server.host_name = parse_host_name(value->text);
    if (!server.host_name) reader.reject("address", *value, server_address_rule);
}

ServerConfig read_server(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    ServerConfig server;
    reader.require("address", server_address_rule);
    read_server_address(reader, server);
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
