#pragma once
// Pools to test with: servers named s1, s2, …, all enabled and up with weight 10.

#include "src/policy/pool_policy.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vipd::test {

inline Reason because(std::string code) {
    return {code, "because of " + code};
}

inline PoolMember up_server(std::string name) {
    PoolMember member;
    member.name = std::move(name);
    member.health = monitors::Health::up;
    member.health_text = "because of monitors-up";
    member.weight = 10;
    return member;
}

inline std::vector<PoolMember> pool_of(std::size_t servers) {
    std::vector<PoolMember> members;
    for (std::size_t i = 1; i <= servers; ++i)
        members.push_back(up_server("s" + std::to_string(i)));
    return members;
}

inline void take_down(PoolMember& member, TimePoint now) {
    member.health = monitors::Health::down;
    member.health_text = "because of connect-refused";
    member.went_down = now;
}

inline PoolRules threshold(std::string_view text) {
    return {.depool_threshold = Fraction::parse(text).value()};
}

inline bool carries_traffic(const MemberDecision& decided) {
    return decided.kernel_weight.value_or(0) > 0;
}

inline std::size_t carrying(const PoolDecision& decision) {
    return static_cast<std::size_t>(std::ranges::count_if(decision.members, carries_traffic));
}

/// The names of the servers in this placement, in the order of the pool.
inline std::vector<std::string> names(const std::vector<PoolMember>& members,
                                      const PoolDecision& decision, Placement placement) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (decision.members.at(i).placement == placement) found.push_back(members[i].name);
    }
    return found;
}

}  // namespace vipd::test
