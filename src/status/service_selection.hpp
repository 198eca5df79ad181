#pragma once
// Which services a request asks for. Pure.

#include "src/status/request_target.hpp"
#include "src/status/snapshot.hpp"
#include "src/status/status_json.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace vipd {

/// The whole of the text as a number from 0 up.
std::optional<std::uint64_t> to_number(const std::string& text);

/// "limit" of the query, 1,000 if absent; nothing if it is not a number from 1 up.
std::optional<std::size_t> read_limit(const RequestTarget& target);

/// How much of a list one answer may have; where more matches, it says where to go on.
struct PageLimit {
    std::size_t services = 0;
    /// At least one service is given, however many it has.
    std::size_t servers = std::numeric_limits<std::size_t>::max();
};

/// By the query: "q" (part of a name or address), "vip", "impaired" (something is not as it should
/// be), "from" (first name), within `limit`.
ServicePage select_services(const Snapshot& snapshot, const RequestTarget& target,
                            const PageLimit& limit);

}  // namespace vipd
