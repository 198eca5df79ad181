#include "src/policy/pool_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace vipd {
namespace {

using monitors::Health;

bool is_enabled(const PoolMember& member) {
    return member.admin == Admin::enabled;
}

bool is_up(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::up;
}

bool is_adopted(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::unknown &&
           member.adopted_weight.value_or(0) > 0;
}

bool is_down(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::down;
}

MemberDecision leave_kernel(std::string code, std::string text) {
    return {Placement::depooled, std::nullopt, {std::move(code), std::move(text)}};
}

MemberDecision decide_draining(const PoolMember& member, const PoolRules& rules) {
    // What is down has no connection worth keeping.
    if (member.health == Health::down) return leave_kernel("drained", "draining, and down");
    if (member.drained) return leave_kernel("drained", "draining finished");
    if (rules.drain_by_removal) {
        return leave_kernel("drained",
                            "removed, because this scheduler drops packets for weight 0");
    }
    return {Placement::depooled, 0, {"draining", member.admin_reason.text}};
}

/// What a server gets by itself, before the floor holds anything.
MemberDecision decide_alone(const PoolMember& member, const PoolRules& rules) {
    switch (member.admin) {
        case Admin::disabled:
            return leave_kernel("disabled", member.admin_reason.text);
        case Admin::draining:
            return decide_draining(member, rules);
        case Admin::enabled:
            break;
    }
    switch (member.health) {
        case Health::up:
            return {Placement::pooled, member.weight, member.health_reason};
        case Health::down: {
            const auto weight = rules.quiesce_down ? std::optional(0) : std::nullopt;
            return {Placement::depooled, weight, {"down", member.health_reason.text}};
        }
        case Health::unknown:
            break;
    }
    if (member.adopted_weight) {
        return {Placement::pooled,
                member.adopted_weight,
                {"adopted", "was in the kernel at start; kept until judged"}};
    }
    return leave_kernel("unknown", "never judged");
}

/// Most recent transition to down first, because it is the likeliest to still work; then by name.
bool held_before(const PoolMember& left, const PoolMember& right) {
    if (left.went_down != right.went_down) return left.went_down > right.went_down;
    return left.name < right.name;
}

std::vector<std::size_t> to_hold(std::span<const PoolMember> members, std::size_t count) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (is_down(members[i])) candidates.push_back(i);
    }
    std::ranges::sort(candidates, [&](std::size_t left, std::size_t right) {
        return held_before(members[left], members[right]);
    });
    if (candidates.size() > count) candidates.resize(count);
    return candidates;
}

}  // namespace

PoolDecision decide_pool(std::span<const PoolMember> members, const PoolRules& rules) {
    PoolDecision decision;
    decision.configured = members.size();
    decision.floor = rules.depool_threshold.ceil_of(members.size());
    std::size_t adopted = 0;
    for (const auto& member : members) {
        decision.members.push_back(decide_alone(member, rules));
        decision.enabled += is_enabled(member) ? 1U : 0U;
        decision.up += is_up(member) ? 1U : 0U;
        adopted += is_adopted(member) ? 1U : 0U;
    }

    // Adopted servers carry traffic already: nothing known to be down is held in their stead.
    const auto carrying = decision.up + adopted;
    if (carrying >= decision.floor) return decision;
    for (const auto index : to_hold(members, decision.floor - carrying)) {
        auto& held = decision.members[index];
        held.placement = Placement::held;
        held.kernel_weight = members[index].weight;
        held.reason = {"held-by-threshold",
                       fmt::format("down ({}); kept because {} of {} up and depool_threshold is {}",
                                   members[index].health_reason.text, decision.up,
                                   decision.configured, rules.depool_threshold.to_string())};
        ++decision.held;
    }
    return decision;
}

}  // namespace vipd
