#pragma once
// One element of a service's "monitors", and the monitor defaults.

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"

#include <string>

namespace vipd {

/// Keys that all monitors and "defaults"."monitor" share. What is not written keeps the value it
/// has in `monitor`.
void read_monitor_settings(ObjectReader& reader, MonitorConfig& monitor);

MonitorConfig read_monitor(const JsonValue& value, std::string pointer, const MonitorConfig& base,
                           const Folders& folders, Problems& problems);

}  // namespace vipd
