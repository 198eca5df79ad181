#pragma once
// How the log looks: text for people on a terminal, JSON lines for everything else.

namespace vipd {

/// Sets spdlog's default logger: standard error, one line a message.
void set_up_log(bool terminal);

}  // namespace vipd
