#include "src/policy/pool_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace vipd {
namespace {

using monitors::Health;

/// A weight of 0 in the configuration is a way of draining: such a server cannot carry what the
/// floor promises.
bool is_enabled(const PoolMember& member) {
    return member.admin == Admin::enabled && member.weight > 0;
}

bool is_up(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::up;
}

bool is_adopted(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::unknown &&
           member.adopted_weight.value_or(0) > 0;
}

std::string text_or(std::string_view text, std::string_view otherwise) {
    return std::string(text.empty() ? otherwise : text);
}

MemberDecision depooled(std::optional<std::int32_t> weight, std::string code, std::string text) {
    return {Placement::depooled, weight, {std::move(code), std::move(text)}};
}

MemberDecision decide_draining(const PoolMember& member, const PoolRules& rules) {
    if (member.drained) return depooled(std::nullopt, "drained", "draining has finished");
    if (rules.drain_by_removal) {
        return depooled(std::nullopt, "drained",
                        "removed, because the scheduler drops packets for weight 0");
    }
    if (member.health == Health::down && !rules.quiesce_down) {
        return depooled(std::nullopt, "drained", "draining, and down");
    }
    if (member.admin == Admin::draining) {
        return depooled(0, "draining", text_or(member.admin_text, "draining"));
    }
    return depooled(0, "draining", "the configured weight is 0");
}

MemberDecision decide_up(const PoolMember& member) {
    const auto weight = member.ramped_weight.value_or(member.weight);
    if (weight == member.weight) return {Placement::pooled, weight, {"up", "up and enabled"}};
    return {Placement::pooled,
            weight,
            {"slow-start", fmt::format("up; weight {} of {} so far", weight, member.weight)}};
}

MemberDecision decide_down(const PoolMember& member, const PoolRules& rules) {
    const bool stays = rules.quiesce_down && !rules.drain_by_removal;
    return depooled(stays ? std::optional(0) : std::nullopt, "down",
                    text_or(member.health_text, "down"));
}

MemberDecision decide_unknown(const PoolMember& member) {
    if (!member.adopted_weight) return depooled(std::nullopt, "unknown", "never judged");
    const auto placement = *member.adopted_weight > 0 ? Placement::pooled : Placement::depooled;
    return {placement,
            member.adopted_weight,
            {"adopted", "in the kernel at start; kept as it was until judged"}};
}

/// What a server gets by itself, before the floor holds anything.
MemberDecision decide_alone(const PoolMember& member, const PoolRules& rules) {
    if (member.admin == Admin::disabled) {
        return depooled(std::nullopt, "disabled", text_or(member.admin_text, "disabled"));
    }
    if (!is_enabled(member)) return decide_draining(member, rules);
    switch (member.health) {
        case Health::up:
            return decide_up(member);
        case Health::down:
            return decide_down(member, rules);
        case Health::unknown:
            return decide_unknown(member);
    }
    return decide_unknown(member);
}

/// Most recent transition to down first, because it is the likeliest to still work; then by name.
bool held_before(const PoolMember& left, const PoolMember& right) {
    if (left.went_down != right.went_down) return left.went_down > right.went_down;
    return left.name < right.name;
}

using Indexes = std::vector<std::size_t>;

/// The servers that are down, the first to be held first.
Indexes down_servers(std::span<const PoolMember> members) {
    Indexes down;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (is_down(members[i])) down.push_back(i);
    }
    std::ranges::sort(down, [&](std::size_t left, std::size_t right) {
        return held_before(members[left], members[right]);
    });
    return down;
}

void hold(const PoolMember& member, std::string code, std::string_view because,
          MemberDecision& held) {
    held.placement = Placement::held;
    held.kernel_weight = member.weight;
    held.reason = {std::move(code),
                   fmt::format("down ({}); kept because {}",
                               text_or(member.health_text, "no reason given"), because)};
}

/// Of those that the floor lets go, the ones that were down longest leave first.
void hold_by_limit(std::span<const PoolMember> members, std::span<const std::size_t> loose,
                   std::size_t may_leave, PoolDecision& decision) {
    Indexes leaving;
    std::ranges::copy_if(loose, std::back_inserter(leaving),
                         [&](std::size_t index) { return members[index].carries; });
    if (leaving.size() <= may_leave) return;
    leaving.resize(leaving.size() - may_leave);
    for (const auto index : leaving) {
        hold(members[index], "held-by-limit", "as many as max_leaving allows have just left",
             decision.members[index]);
    }
    decision.waiting = leaving.size();
    decision.held += decision.waiting;
}

}  // namespace

bool is_down(const PoolMember& member) {
    return is_enabled(member) && member.health == Health::down;
}

PoolDecision decide_pool(std::span<const PoolMember> members, const PoolRules& rules) {
    PoolDecision decision;
    decision.configured = members.size();
    decision.floor = rules.depool_threshold.ceil_of(members.size());
    decision.members.reserve(members.size());
    std::size_t adopted = 0;
    for (const auto& member : members) {
        decision.members.push_back(decide_alone(member, rules));
        decision.enabled += is_enabled(member) ? 1U : 0U;
        decision.up += is_up(member) ? 1U : 0U;
        adopted += is_adopted(member) ? 1U : 0U;
    }

    // Adopted servers carry traffic already: nothing known to be down is held in their stead.
    const auto carrying = decision.up + adopted;
    if (carrying >= decision.floor && !rules.may_leave) return decision;
    const auto down = down_servers(members);
    decision.held = std::min(down.size(), decision.floor - std::min(decision.floor, carrying));
    for (std::size_t i = 0; i < decision.held; ++i) {
        hold(members[down[i]], "held-by-threshold",
             fmt::format("{} of {} up and depool_threshold is {}", decision.up, decision.configured,
                         rules.depool_threshold.to_string()),
             decision.members[down[i]]);
    }
    if (rules.may_leave) {
        hold_by_limit(members, std::span(down).subspan(decision.held), *rules.may_leave, decision);
    }
    return decision;
}

}  // namespace vipd
