#pragma once
// What the probes of one server found lately, as the API tells it. Pure: the daemon asks the
// workers.

#include "monitors/engine.hpp"
#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/status/wall_time.hpp"

#include <string>
#include <vector>

namespace vipd {

/// One monitor of the server in one family.
struct ProbeHistory {
    monitors::ProbeId id = 0;
    Address vip_address;
    std::string monitor;  // its type
    bool via_vip = false;
    bool advisory = false;
    Endpoint target;
    Duration interval{};
    Duration timeout{};
    monitors::Engine::History results{};  // oldest first
};

struct ProbeReport {
    std::string service;
    std::string server;
    std::vector<ProbeHistory> probes;
};

/// The body of /v1/services/{name}/servers/{server}/probes.
std::string probes_json(const ProbeReport& report, const ClockPair& now);

}  // namespace vipd
