#pragma once
// One write to the kernel's table, as a value.

#include "ipvs/table.hpp"

#include <optional>
#include <string>
#include <variant>

namespace vipd::ipvs {

struct AddService {
    ServiceKey service;
    ServiceOptions options;
    bool operator==(const AddService&) const = default;
};
struct EditService {
    ServiceKey service;
    ServiceOptions options;
    bool operator==(const EditService&) const = default;
};
struct RemoveService {
    ServiceKey service;
    bool operator==(const RemoveService&) const = default;
};
struct AddDestination {
    ServiceKey service;
    DestinationKey key;
    Destination destination;
    bool operator==(const AddDestination&) const = default;
};
struct EditDestination {
    ServiceKey service;
    DestinationKey key;
    Destination destination;
    bool operator==(const EditDestination&) const = default;
};
struct RemoveDestination {
    ServiceKey service;
    DestinationKey key;
    bool operator==(const RemoveDestination&) const = default;
};

using Change = std::variant<AddService, EditService, RemoveService, AddDestination, EditDestination,
                            RemoveDestination>;

const ServiceKey& service_of(const Change& change);

/// What a change is about: a service (no destination) or one destination of it.
struct Target {
    ServiceKey service;
    std::optional<DestinationKey> destination;
    auto operator<=>(const Target&) const = default;
};
Target target_of(const Change& change);

/// "add destination 10.0.0.11:443 weight 10 to tcp 203.0.113.10:443"
std::string to_string(const Change& change);

}  // namespace vipd::ipvs
