#include "src/policy/suspicion.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vipd {

std::string_view to_string(Doubt doubt) {
    switch (doubt) {
        case Doubt::none:
            return "none";
        case Doubt::frozen:
            return "frozen";
        case Doubt::worn_off:
            return "worn off";
    }
    return "invalid";
}

bool casts_doubt(std::string_view code) {
    constexpr std::array<std::string_view, 4> codes{"timers-late", "out-of-descriptors",
                                                    "out-of-ports", "out-of-memory"};
    return std::ranges::find(codes, code) != codes.end();
}

Suspicion suspect(const std::optional<Suspicion>& known, Reason reason, TimePoint now) {
    const bool goes_on = known && now < known->latest + evidence_fades;
    return {goes_on ? known->since : now, now, std::move(reason)};
}

Suspicion stay_suspect(const std::optional<Suspicion>& known, Reason reason, TimePoint now) {
    return {known ? known->since : now, now, std::move(reason)};
}

std::optional<Reason> control_evidence(const std::vector<ControlProbe>& probes) {
    const auto failed = [](const ControlProbe& probe) {
        return probe.proven && probe.health == monitors::Health::down;
    };
    const auto answers = [](const ControlProbe& probe) {
        return !probe.loopback && probe.health == monitors::Health::up;
    };
    const bool way_out = std::ranges::any_of(probes, answers);
    const auto found = std::ranges::find_if(probes, [&](const ControlProbe& probe) {
        return failed(probe) && (probe.loopback || !way_out);
    });
    if (found == probes.end()) return std::nullopt;
    return Reason{"control-probe", found->name + ": " + found->reason.text};
}

DoubtDecision decide_doubt(const std::optional<Suspicion>& suspicion, Duration suspect_max,
                           TimePoint now) {
    if (!suspicion) return {};
    const auto fades = suspicion->latest + evidence_fades;
    const auto wears_off = suspicion->since + suspect_max;
    if (now >= fades) return {};
    if (now >= wears_off) return {Doubt::worn_off, fades};
    return {Doubt::frozen, std::min(fades, wears_off)};
}

}  // namespace vipd
