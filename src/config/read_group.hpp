#pragma once
// One member of "groups": servers that several services share, written here or listed in a file of
// their own.

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"
#include "src/config/server_list.hpp"

#include <map>
#include <string>

namespace vipd {

/// Lists that were read, by path.
using ServerLists = std::map<std::string, ServerList>;

/// "address": one address, an array of one of each family, or a host name.
void read_server_address(ObjectReader& reader, ServerConfig& server);

ServerConfig read_server(const JsonValue& value, std::string pointer, Problems& problems);

/// A list that is not in `lists` was reported by whoever should have read it.
GroupConfig read_group(const JsonValue& value, const std::string& pointer, const Folders& folders,
                       const ServerLists& lists, Problems& problems);

}  // namespace vipd
