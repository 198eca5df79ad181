#pragma once
// Servers that are written as host names: which names there are, and the configuration with what
// they stand for. Pure; src/control/resolver asks the DNS.

#include "src/config/config.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace vipd {

/// In lower case, without a dot at the end; nothing: it is none. At most 253 letters, digits, '-'
/// and '_' in labels of at most 63, the last of which is no number: a mistyped IP address is no
/// name (RFC 1123 §2.1).
std::optional<std::string> parse_host_name(std::string_view text);

/// The families in which somebody wants to reach each host.
using HostNames = std::map<std::string, std::set<Family>>;
HostNames host_names(const Config& config);

/// What each name stands for now; one that is not there is not resolved.
using NameAddresses = std::map<std::string, std::map<Family, Address>>;

/// The configuration with these addresses, whatever it had before. In a service a server does not
/// get an address that is a VIP's, or one that an earlier one has with the same port: literals come
/// first, then by the servers' names. Those without any are in ServiceConfig::unresolved.
Config with_addresses(Config config, const NameAddresses& addresses);

}  // namespace vipd
