#include "ipvs/diff.hpp"

#include "src/base/overloaded.hpp"

#include <algorithm>
#include <iterator>

namespace vipd::ipvs {

namespace {

int step(const Change& change) {
    return std::visit(
        overloaded{
            [](const AddService&) { return 0; },
            [](const AddDestination&) { return 0; },
            [](const EditService&) { return 1; },
            [](const EditDestination& edit) { return edit.destination.weight > 0 ? 2 : 3; },
            [](const RemoveDestination&) { return 4; },
            [](const RemoveService&) { return 5; },
        },
        change);
}

std::vector<Change> add_whole(const ServiceKey& service, const Service& wanted) {
    std::vector<Change> changes;
    changes.reserve(1 + wanted.destinations.size());
    changes.emplace_back(AddService{service, wanted.options});
    for (const auto& [key, destination] : wanted.destinations) {
        changes.emplace_back(AddDestination{service, key, destination});
    }
    return changes;
}

void diff_destinations(std::vector<Change>& changes, const ServiceKey& service,
                       const Destinations& actual, const Destinations& wanted) {
    for (const auto& [key, destination] : wanted) {
        const auto found = actual.find(key);
        if (found == actual.end()) {
            changes.emplace_back(AddDestination{service, key, destination});
        } else if (found->second != destination) {
            changes.emplace_back(EditDestination{service, key, destination});
        }
    }
    for (const auto& [key, destination] : actual) {
        if (!wanted.contains(key)) changes.emplace_back(RemoveDestination{service, key});
    }
}

}  // namespace

void put_in_order(std::vector<Change>& changes) {
    if (!std::ranges::is_sorted(changes, {}, step)) std::ranges::stable_sort(changes, {}, step);
}

std::vector<Change> diff(const ServiceKey& service, const Service* actual, const Service* wanted) {
    if (wanted == nullptr) {
        // The kernel drops the destinations with their service: one write.
        return actual == nullptr ? std::vector<Change>{}
                                 : std::vector<Change>{RemoveService{service}};
    }
    if (actual == nullptr) return add_whole(service, *wanted);
    std::vector<Change> changes;
    if (actual->options != wanted->options) {
        changes.emplace_back(EditService{service, wanted->options});
    }
    diff_destinations(changes, service, actual->destinations, wanted->destinations);
    put_in_order(changes);
    return changes;
}

std::vector<Change> diff(const Table& actual, const WantedServices& wanted) {
    std::vector<Change> changes;
    for (const auto& [key, service] : wanted) {
        const auto found = actual.find(key);
        auto of_service = diff(key, found == actual.end() ? nullptr : &found->second,
                               service ? &*service : nullptr);
        std::ranges::move(of_service, std::back_inserter(changes));
    }
    put_in_order(changes);
    return changes;
}

void carry_out(Table& table, const Change& change) {
    std::visit(overloaded{
                   [&](const AddService& add) { table[add.service].options = add.options; },
                   [&](const EditService& edit) { table[edit.service].options = edit.options; },
                   [&](const RemoveService& remove) { table.erase(remove.service); },
                   [&](const AddDestination& add) {
                       // A large table comes in order: each belongs behind the one before.
                       auto& destinations = table[add.service].destinations;
                       destinations.insert_or_assign(destinations.end(), add.key, add.destination);
                   },
                   [&](const EditDestination& edit) {
                       table[edit.service].destinations[edit.key] = edit.destination;
                   },
                   [&](const RemoveDestination& remove) {
                       const auto service = table.find(remove.service);
                       if (service != table.end()) service->second.destinations.erase(remove.key);
                   },
               },
               change);
}

}  // namespace vipd::ipvs
