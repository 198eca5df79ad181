#pragma once
// Whether BGP peers are told of a VIP address (docs/policy.md §4). Pure. Failure withdraws at once;
// coming back waits.

#include "src/base/reason.hpp"
#include "src/base/time.hpp"
#include "src/config/config.hpp"
#include "src/model/placement.hpp"

#include <optional>
#include <span>
#include <string>

namespace vipd {

/// One service of the VIP in the address's family.
struct ServiceFitness {
    std::string name;
    bool fit = false;
    Reason reason;
    /// All its enabled servers in the family have been judged at least once.
    bool judged = false;
    /// By how many steps the VIP is degraded as far as this service is concerned, and why.
    unsigned degraded = 0;
    std::string degraded_text = {};
};

struct AnnounceRules {
    AnnounceWhen when;
    Duration hold_down{10000};
    Duration min_interval{0};
};

/// Whether an address could be announced by what is behind it, nobody's wish considered.
struct Readiness {
    /// Enough services are fit, and the address is on the interface.
    bool ready = false;
    /// All enabled servers of all services have been judged at least once.
    bool judged = false;
    Reason reason;
    /// By how many steps it is degraded: those of the best services that are needed.
    unsigned degraded = 0;
    std::string degraded_text = {};

    bool operator==(const Readiness&) const = default;
};

Readiness readiness(std::span<const ServiceFitness> services, bool present,
                    const AnnounceRules& rules);

/// What the decision about an address remembers until the next one.
struct AnnounceMemory {
    Announcement announcement = Announcement::withdrawn;
    /// Since when the address has been ready, without a break.
    std::optional<TimePoint> ready_since;
    /// It has failed since it was announced last, so that coming back waits for hold_down.
    bool failed = false;
    /// Announced when the previous run ended: neither waits for all verdicts nor for hold_down.
    bool last_announced = false;
    /// By how many steps what routers are told is degraded.
    unsigned degraded = 0;
    /// When it was last announced, or its attributes changed with its servers' health.
    std::optional<TimePoint> told_at;

    bool operator==(const AnnounceMemory&) const = default;
};

struct AnnounceInput {
    std::span<const ServiceFitness> services;
    /// The address is on the interface, as last acknowledged.
    bool present = false;
    /// Verdicts are no longer waited for; unknown counts as down.
    bool start_deadline_passed = false;
    /// Planned leaving has begun (drain of the VIP, maintenance, stop): draining first, then
    /// withdrawn.
    enum class Leaving { no, draining, withdrawn } leaving = Leaving::no;
    Reason leaving_reason;
    /// With "families": "together": the readiness of the VIP's other addresses; else nothing.
    std::span<const Readiness> other_addresses = {};
};

struct AnnounceDecision {
    AnnounceMemory memory;
    Reason reason;
    /// When to decide again although nothing happens.
    std::optional<TimePoint> deadline;

    Announcement announcement() const { return memory.announcement; }
};

AnnounceDecision decide_announcement(const AnnounceInput& input, const AnnounceRules& rules,
                                     const AnnounceMemory& previous, TimePoint now);

}  // namespace vipd
