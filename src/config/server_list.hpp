#pragma once
// The files that PyBal reads servers from, in both of its forms. A list is right as a whole or not
// used at all. Pure.
//
//   JSON   {"cp1": {"address": "10.0.0.11", "weight": 10, "enabled": true}, "10.0.0.12": {}}
//   text   {'host': '10.0.0.11', 'weight': 10, 'enabled': True}     one a line; blank lines and #
//   comments between
//
// As in PyBal the JSON form's weight is 10 and its server enabled where nothing else is written,
// and the text form must write all three. A name that is no IP address and has no "address" beside
// it is a host name. Unlike PyBal a weight of 0 is 0.

#include "src/config/config.hpp"
#include "src/config/problems.hpp"

#include <map>
#include <string>
#include <string_view>

namespace vipd {

using ServerList = std::map<std::string, ServerConfig>;

/// Names ending in ".json" are the JSON form.
bool is_json_list(std::string_view path);

/// Adds what is wrong to `problems`; with any problem the list must not be used. No server at all
/// is a problem.
ServerList read_server_list(std::string_view text, bool json, std::uint32_t file,
                            Problems& problems);

}  // namespace vipd
