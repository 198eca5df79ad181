#pragma once
// Which services have changed of late, for those who follow. What one picture changed is found out
// once, however many follow, and no follower keeps an old picture alive.

#include "src/status/snapshot.hpp"

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace vipd {

class ChangeLog {
public:
    /// `now` follows `before`, which is absent for the first one.
    void note(const Snapshot* before, const Snapshot& now);

    /// The number of the latest picture; 0 before the first.
    std::uint64_t latest() const { return latest_; }

    /// Names of the services that have changed since picture `number`; nothing if that is too long
    /// ago or too much has changed to name it.
    std::optional<std::set<std::string>> since(std::uint64_t number) const;

private:
    std::uint64_t latest_ = 0;
    /// Of the latest pictures, the last one at the end; an absent set: too many.
    std::deque<std::optional<std::vector<std::string>>> changes_;
};

/// Names of services that are in one picture and not, or not the same, in the other. Compares what
/// the pictures share, not what is in it.
std::vector<std::string> changed_services(const Snapshot& before, const Snapshot& now);

}  // namespace vipd
