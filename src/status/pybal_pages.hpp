#pragma once
// PyBal's pages (pybal/instrumentation.py), byte for byte, because deploy tools and alert plugins
// read them. A server with both families counts as enabled, up or pooled when it is so in both;
// `pooled` is what the kernel acknowledged. Pure.

#include "src/status/http_message.hpp"
#include "src/status/request_target.hpp"
#include "src/status/snapshot.hpp"

namespace vipd {

/// PyBal's rule: one Accept line that is exactly this, no list, no weight, no wildcard.
bool wants_pybal_json(const HttpRequest& request);

/// /pools, /pools/{name}, /pools/{name}/{server}
HttpResponse pybal_pools(const HttpRequest& request, const RequestTarget& target,
                         const Snapshot& snapshot);

/// /alerts: its first word is what plugins look at.
HttpResponse pybal_alerts(const HttpRequest& request, const Snapshot& snapshot);

}  // namespace vipd
