#include "src/policy/drain.hpp"

namespace vipd {

TimePoint drain_deadline(const LeavingServer& server, const DrainRules& rules) {
    return rules.waits ? server.since + rules.timeout : server.since;
}

bool drained(const LeavingServer& server, const DrainRules& rules, TimePoint now) {
    return drain_deadline(server, rules) <= now || idle(server);
}

bool idle(const LeavingServer& server) {
    if (!server.in_kernel) return true;
    if (!server.quiet_since || !server.connections) return false;
    const auto& left = *server.connections;
    return left.counted_since >= *server.quiet_since && left.active == 0 && left.inactive == 0;
}

}  // namespace vipd
