#include "ipvs/change.hpp"

#include "src/base/overloaded.hpp"

namespace vipd::ipvs {

namespace {

std::string describe(const ServiceOptions& options) {
    std::string text = " scheduler " + options.scheduler;
    if (options.scheduler_flags != 0) text += " flags " + std::to_string(options.scheduler_flags);
    if (options.persistence) {
        text += " persistent " + std::to_string(options.persistence->timeout_seconds) + " s /" +
                std::to_string(options.persistence->prefix_length);
    }
    if (options.one_packet) text += " one-packet";
    return text;
}

std::string describe(const DestinationKey& key, const Destination& destination) {
    return to_string(key) + " weight " + std::to_string(destination.weight);
}

}  // namespace

const ServiceKey& service_of(const Change& change) {
    return std::visit([](const auto& write) -> const ServiceKey& { return write.service; }, change);
}

Target target_of(const Change& change) {
    return std::visit(
        [](const auto& write) {
            if constexpr (requires { write.key; }) {
                return Target{write.service, write.key};
            } else {
                return Target{write.service, std::nullopt};
            }
        },
        change);
}

std::string to_string(const Change& change) {
    return std::visit(
        overloaded{
            [](const AddService& add) {
                return "add service " + to_string(add.service) + describe(add.options);
            },
            [](const EditService& edit) {
                return "edit service " + to_string(edit.service) + describe(edit.options);
            },
            [](const RemoveService& remove) {
                return "remove service " + to_string(remove.service);
            },
            [](const AddDestination& add) {
                return "add destination " + describe(add.key, add.destination) + " to " +
                       to_string(add.service);
            },
            [](const EditDestination& edit) {
                return "edit destination " + describe(edit.key, edit.destination) + " of " +
                       to_string(edit.service);
            },
            [](const RemoveDestination& remove) {
                return "remove destination " + to_string(remove.key) + " from " +
                       to_string(remove.service);
            },
        },
        change);
}

}  // namespace vipd::ipvs
