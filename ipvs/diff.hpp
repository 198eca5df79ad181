#pragma once
// The fewest writes that make the kernel's table into the wanted one, in an order that never loses
// a connection. Pure.
//
// Order: adds, then edits (those that take a server out last), then deletes. So a service never has
// fewer working servers (weight above 0) on the way than the smaller of before and after.

#include "ipvs/change.hpp"
#include "ipvs/table.hpp"

#include <optional>
#include <vector>

namespace vipd::ipvs {

/// For one service. Null `actual`: not in the kernel; null `wanted`: it shall not be.
std::vector<Change> diff(const ServiceKey& service, const Service* actual, const Service* wanted);

/// For all services named in `wanted`; the others are left alone.
std::vector<Change> diff(const Table& actual, const WantedServices& wanted);

/// Sorts the differences of several services into the order above; within a step they stay as they
/// are.
void put_in_order(std::vector<Change>& changes);

/// What the table looks like once `change` was acknowledged.
void carry_out(Table& table, const Change& change);

}  // namespace vipd::ipvs
