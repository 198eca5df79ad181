#pragma once
// Which servers of a pool carry traffic (docs/policy.md §2). Pure: the whole pool is decided anew
// after every event, so nothing can slip past the floor and nothing held can go stale.

#include "monitors/health.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"
#include "src/config/fraction.hpp"
#include "src/model/admin.hpp"
#include "src/model/placement.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// One server of the pool, as everything but the policy sees it.
struct PoolMember {
    std::string name;
    monitors::Health health = monitors::Health::unknown;
    /// Why, in words that are kept elsewhere while the pool is decided.
    std::string_view health_text;
    Admin admin = Admin::enabled;
    std::string_view admin_text;
    /// Configured weight, 0..65535; with 0 the server is drained, whatever its admin state.
    std::int32_t weight = 1;
    /// Found in the kernel at start with this weight, and not judged since: stays as it is until
    /// judged.
    std::optional<std::int32_t> adopted_weight;
    /// While it begins to carry traffic: the part of its weight that it has now.
    std::optional<std::int32_t> ramped_weight;
    /// It carries traffic so far: pooled or held by the last decision.
    bool carries = false;
    /// When it last went from up to down; nothing if that was never seen.
    std::optional<TimePoint> went_down;
    /// While draining: nothing is left on it (it is not in the kernel, or has no connections), or
    /// drain_timeout has passed.
    bool drained = false;
};

struct PoolRules {
    Fraction depool_threshold;
    /// A down server stays in the kernel with weight 0 (on_down: quiesce) instead of being deleted.
    bool quiesce_down = false;
    /// A destination of weight 0 makes the scheduler drop packets (mh, sh without fallback): remove
    /// it instead.
    bool drain_by_removal = false;
    /// So many that carry traffic may be taken out for being down now; absent: all.
    std::optional<std::size_t> may_leave = {};
};

struct MemberDecision {
    Placement placement = Placement::depooled;
    /// Weight in the kernel; nothing: no destination.
    std::optional<std::int32_t> kernel_weight;
    Reason reason;

    bool operator==(const MemberDecision&) const = default;
};

struct PoolDecision {
    std::size_t configured = 0;  // N: all configured servers, disabled ones too
    std::size_t enabled = 0;  // with a weight above 0
    std::size_t up = 0;  // U: up and enabled
    std::size_t floor = 0;  // F = ceil(N × depool_threshold)
    std::size_t held = 0;
    std::size_t waiting = 0;  // of those: held only because not all may leave at once
    std::vector<MemberDecision> members;  // in the order of the input

    bool operator==(const PoolDecision&) const = default;
};

/// Enabled and down: what the floor and max_leaving are about.
bool is_down(const PoolMember& member);

PoolDecision decide_pool(std::span<const PoolMember> members, const PoolRules& rules);

}  // namespace vipd
