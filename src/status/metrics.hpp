#pragma once
// GET /metrics: a snapshot in the Prometheus text format (0.0.4). Pure. Written by hand instead of
// with prometheus-cpp: its registry is a second, mutable copy of the state behind a lock, to be
// kept equal to the snapshot series by series; the picture is complete already and only has to be
// spelt.

#include "src/status/snapshot.hpp"

#include <string>

namespace vipd {

/// service: a few series a pool, so that 100,000 servers stay cheap. server: also three a server.
enum class MetricsLevel { service, server };

std::string metrics_text(const Snapshot& snapshot, MetricsLevel level);

}  // namespace vipd
