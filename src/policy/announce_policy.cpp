#include "src/policy/announce_policy.hpp"

#include "src/config/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

/// At least one, whatever the rule says: nothing is announced that cannot serve.
std::size_t fit_needed(const AnnounceWhen& when, std::size_t services) {
    switch (when.rule) {
        case AnnounceWhen::Rule::all:
            return std::max<std::size_t>(services, 1);
        case AnnounceWhen::Rule::any:
            return 1;
        case AnnounceWhen::Rule::at_least:
            return std::max<std::size_t>(when.at_least, 1);
    }
    return services + 1;
}

std::string first_unfit(std::span<const ServiceFitness> services) {
    const auto first = std::ranges::find(services, false, &ServiceFitness::fit);
    if (first == services.end()) return "there are no more";
    return first->name + ": " + first->reason.text;
}

/// The worst of the `needed` least degraded services: traffic needs no more than these.
const ServiceFitness* deciding(std::span<const ServiceFitness> services, std::size_t needed) {
    if (services.size() == 1) return services.data();
    std::vector<const ServiceFitness*> sorted;
    for (const auto& service : services)
        sorted.push_back(&service);
    std::ranges::stable_sort(sorted, {}, &ServiceFitness::degraded);
    return sorted[needed - 1];
}

/// This address and, where families are announced together, those of the others.
Readiness combined(const AnnounceInput& input, const AnnounceRules& rules) {
    auto combined = readiness(input.services, input.present, rules);
    for (const auto& other : input.other_addresses) {
        combined.judged = combined.judged && other.judged;
        if (!combined.ready || other.ready) continue;
        combined.ready = false;
        combined.reason = {"other-family", "families are announced together, and the other has " +
                                               other.reason.text};
    }
    return combined;
}

AnnounceDecision fail(AnnounceMemory memory, bool leaving, Reason reason) {
    // What fails while it is out of service anyway shall not come back any sooner.
    const bool told = memory.announcement != Announcement::withdrawn;
    memory.failed = memory.failed || told || leaving;
    memory.announcement = Announcement::withdrawn;
    memory.degraded = 0;
    memory.ready_since.reset();
    return {memory, std::move(reason), std::nullopt};
}

AnnounceDecision leave(const AnnounceInput& input, AnnounceMemory memory) {
    const bool told = memory.announcement != Announcement::withdrawn;
    const bool goes_on = input.leaving == AnnounceInput::Leaving::draining && told;
    memory.announcement = goes_on ? Announcement::draining : Announcement::withdrawn;
    if (!goes_on) memory.degraded = 0;
    return {memory, input.leaving_reason, std::nullopt};
}

/// When routers may be told something new of it: announcements and other attributes too close to
/// each other would be taken for flapping (RFC 2439). Withdrawals never wait.
TimePoint tellable_from(const AnnounceMemory& memory, const AnnounceRules& rules) {
    return memory.told_at ? *memory.told_at + rules.min_interval : TimePoint::min();
}

Reason announced_reason(const AnnounceMemory& memory, const Readiness& ready) {
    auto text = ready.reason.text;
    if (!ready.degraded_text.empty()) text += "; degraded: " + ready.degraded_text;
    if (ready.degraded != memory.degraded) text += "; routers are told after min_interval";
    return {memory.degraded > 0 ? "degraded" : ready.reason.code, std::move(text)};
}

AnnounceDecision announce(AnnounceMemory memory, const Readiness& ready, const AnnounceRules& rules,
                          TimePoint now) {
    const auto before = std::exchange(memory.announcement, Announcement::announced);
    const auto degraded_before = memory.degraded;
    memory.failed = false;
    if (before == Announcement::withdrawn || now >= tellable_from(memory, rules))
        memory.degraded = ready.degraded;
    if (before != Announcement::announced || memory.degraded != degraded_before)
        memory.told_at = now;
    std::optional<TimePoint> deadline;
    if (memory.degraded != ready.degraded) deadline = tellable_from(memory, rules);
    return {memory, announced_reason(memory, ready), deadline};
}

/// From withdrawn: announced, or what is still waited for and until when.
AnnounceDecision come_back(const Readiness& ready, bool start_deadline_passed,
                           const AnnounceRules& rules, const AnnounceMemory& memory,
                           TimePoint now) {
    if (memory.failed) {
        const auto ends = *memory.ready_since + rules.hold_down;
        if (now < ends) {
            return {memory,
                    {"hold-down",
                     "able to serve again, but not yet for " + duration_text(rules.hold_down)},
                    ends};
        }
    } else if (!memory.last_announced && !ready.judged && !start_deadline_passed) {
        return {memory,
                {"waiting-for-verdicts", "not all enabled servers have been judged yet"},
                std::nullopt};
    }
    const auto from = tellable_from(memory, rules);
    if (now < from) {
        return {
            memory,
            {"min-interval", "announced less than " + duration_text(rules.min_interval) + " ago"},
            from};
    }
    return announce(memory, ready, rules, now);
}

}  // namespace

Readiness readiness(std::span<const ServiceFitness> services, bool present,
                    const AnnounceRules& rules) {
    const auto needed = fit_needed(rules.when, services.size());
    const auto fit =
        static_cast<std::size_t>(std::ranges::count_if(services, &ServiceFitness::fit));
    const bool judged = std::ranges::all_of(services, &ServiceFitness::judged);
    if (fit < needed) {
        return {false,
                judged,
                {"unfit", fmt::format("{} of {} services fit, {} needed ({})", fit, services.size(),
                                      needed, first_unfit(services))}};
    }
    if (!present)
        return {false, judged, {"address-missing", "the address is not on the interface"}};
    const auto* degraded = deciding(services, needed);
    return {true,
            judged,
            {"fit", fmt::format("{} of {} services fit, {} needed", fit, services.size(), needed)},
            degraded->degraded,
            degraded->degraded_text};
}

AnnounceDecision decide_announcement(const AnnounceInput& input, const AnnounceRules& rules,
                                     const AnnounceMemory& previous, TimePoint now) {
    auto memory = previous;
    if (memory.announcement == Announcement::withdrawn) memory.degraded = 0;
    const bool leaving = input.leaving != AnnounceInput::Leaving::no;
    auto ready = combined(input, rules);
    if (!ready.judged && !input.start_deadline_passed) ready.degraded = memory.degraded;
    if (!ready.ready) return fail(memory, leaving, ready.reason);

    if (!memory.ready_since) memory.ready_since = now;
    if (leaving) return leave(input, memory);
    if (memory.announcement != Announcement::withdrawn) return announce(memory, ready, rules, now);
    return come_back(ready, input.start_deadline_passed, rules, memory, now);
}

}  // namespace vipd
