#include "src/policy/announce_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vipd {
namespace {

std::size_t fit_needed(const AnnounceWhen& when, std::size_t services) {
    switch (when.rule) {
        case AnnounceWhen::Rule::all:
            return services;
        case AnnounceWhen::Rule::any:
            return 1;
        case AnnounceWhen::Rule::at_least:
            return when.at_least;
    }
    return services;
}

std::size_t count_fit(std::span<const ServiceFitness> services) {
    return static_cast<std::size_t>(std::ranges::count_if(services, &ServiceFitness::fit));
}

Reason unfit_reason(std::span<const ServiceFitness> services, std::size_t fit, std::size_t needed) {
    const auto first = std::ranges::find(services, false, &ServiceFitness::fit);
    const auto why = first == services.end() ? std::string("no services")
                                             : first->name + ": " + first->reason.text;
    return {"unfit", fmt::format("{} of {} services fit, {} needed ({})", fit, services.size(),
                                 needed, why)};
}

AnnounceDecision withdraw(AnnounceMemory memory, Reason reason, bool failure) {
    memory.failed = memory.failed || (failure && memory.announcement != Announcement::withdrawn);
    memory.announcement = Announcement::withdrawn;
    return {memory, std::move(reason), std::nullopt};
}

AnnounceDecision leave(const AnnounceInput& input, AnnounceMemory memory) {
    const bool told = memory.announcement != Announcement::withdrawn;
    if (input.leaving == AnnounceInput::Leaving::draining && told) {
        memory.announcement = Announcement::draining;
        return {memory, input.leaving_reason, std::nullopt};
    }
    return withdraw(memory, input.leaving_reason, false);
}

/// Nothing holds the address back any more, or what does and until when.
AnnounceDecision come_back(const AnnounceInput& input, const AnnounceRules& rules,
                           AnnounceMemory memory, TimePoint now) {
    const bool all_judged = std::ranges::all_of(input.services, &ServiceFitness::judged);
    if (!memory.last_announced && !memory.failed && !all_judged && !input.start_deadline_passed) {
        return {
            memory, {"waiting-for-verdicts", "not all enabled servers have been judged yet"}, {}};
    }
    const auto ready = *memory.fit_since + rules.hold_down;
    if (memory.failed && now < ready) {
        return {memory,
                {"hold-down", fmt::format("fit again, but not yet for {} s",
                                          std::chrono::duration<double>(rules.hold_down).count())},
                ready};
    }
    memory.announcement = Announcement::announced;
    memory.failed = false;
    return {memory, {"fit", "enough services are fit"}, std::nullopt};
}

}  // namespace

AnnounceDecision decide_announcement(const AnnounceInput& input, const AnnounceRules& rules,
                                     const AnnounceMemory& previous, TimePoint now) {
    auto memory = previous;
    const auto needed = fit_needed(rules.when, input.services.size());
    const auto fit = count_fit(input.services);
    const bool enough = fit >= needed && !input.services.empty();
    if (!enough) memory.fit_since.reset();
    if (enough && !memory.fit_since) memory.fit_since = now;

    if (!enough) return withdraw(memory, unfit_reason(input.services, fit, needed), true);
    if (!input.present) {
        return withdraw(memory, {"address-missing", "the address is not on the interface"}, true);
    }
    if (input.leaving != AnnounceInput::Leaving::no) return leave(input, memory);
    if (memory.announcement == Announcement::announced) {
        return {memory, {"fit", "enough services are fit"}, std::nullopt};
    }
    return come_back(input, rules, memory, now);
}

}  // namespace vipd
