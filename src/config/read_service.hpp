#pragma once
// One member of "services", and the service defaults.

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"

#include <map>
#include <string>

namespace vipd {

/// What services and their monitors start from, and what they may refer to.
struct ServiceDefaults {
    ServiceConfig service;
    MonitorConfig monitor;
    std::map<std::string, GroupConfig> groups;
};

/// Keys that a service and "defaults"."service" share. What is not written keeps the value it has
/// in `service`.
void read_service_settings(ObjectReader& reader, ServiceConfig& service);

ServiceConfig read_service(const JsonValue& value, std::string pointer, const ServiceDefaults& base,
                           const Folders& folders, Problems& problems);

}  // namespace vipd
