#pragma once
// The API's JSON. Pure: a snapshot in, text out; docs/openapi.json describes it and a test holds
// the two equal. Every state stands beside its reason (code and sentence) and since when: ISO time,
// and seconds as of the snapshot's `made`.

#include "src/status/readiness.hpp"
#include "src/status/snapshot.hpp"

#include <string>
#include <vector>

namespace vipd {

/// full: pools list their servers. summary: counts, and one letter a server (see server_cell).
enum class Detail { full, summary };

/// GET /v1/status: node, readiness, kernel, totals and alerts; in full also VIPs, peers and
/// services (without servers).
std::string status_json(const Snapshot& snapshot, Detail detail);

/// GET /v1/services/{name}
std::string service_json(const Snapshot& snapshot, const ServiceView& service, Detail detail);

/// A part of GET /v1/services: these services, of so many that matched, and where the next part
/// starts.
struct ServicePage {
    std::vector<const ServiceView*> services;
    std::size_t matched = 0;
    std::string next;  // the first name that was left out; empty: none was
};
std::string services_json(const Snapshot& snapshot, const ServicePage& page, Detail detail);

/// GET /v1/vips
std::string vips_json(const Snapshot& snapshot);
/// GET /v1/peers
std::string peers_json(const Snapshot& snapshot);
/// GET /v1/names
std::string names_json(const Snapshot& snapshot);
/// GET /v1/alerts
std::string alerts_json(const Snapshot& snapshot);
/// GET /healthz, /readyz
std::string checks_json(const std::vector<Check>& checks);

/// A server as one letter, for a pool as a row of cells: 'h' held, 'p' pooled, 'x' disabled, 'g'
/// draining, 'd' down, 'u' unknown, 'w' wanted in the pool but not acknowledged by the kernel.
char server_cell(const ServerView& server);

}  // namespace vipd
