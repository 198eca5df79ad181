#pragma once
// Whether a configuration that was read may replace the running one, and what that would do. Pure.

#include "src/config/read_config.hpp"
#include "src/status/command.hpp"

namespace vipd {

/// Refused: problems in the file, what needs a restart, and what shrinks too much unless that is
/// allowed. Otherwise done, with every difference and its impact in `details` (a JSON array of
/// strings) and their number in the message.
CommandResult check_reload(const Config& running, const ConfigReading& reading, bool allow_shrink);

}  // namespace vipd
