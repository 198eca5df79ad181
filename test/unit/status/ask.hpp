#pragma once
// The API asked about the example snapshot.

#include "src/status/api.hpp"

#include <string>

namespace vipd::test {

/// What it answers; `started` false: before the daemon has made its first snapshot.
HttpResponse ask(const std::string& method, const std::string& target, bool started = true);

/// An inquiry's answer about a server with one probe that failed, as JSON.
std::string example_probes();

/// A doctor's report of two findings, as JSON.
std::string example_doctor();

}  // namespace vipd::test
