#pragma once
// Whether we doubt our own eyes (docs/policy.md §1.1). Pure. Only evidence against ourselves
// counts: many failures at one instant may as well be true.

#include "src/base/reason.hpp"
#include "src/base/time.hpp"

#include <optional>
#include <string_view>

namespace vipd {

/// A time during which evidence kept coming.
struct Suspicion {
    TimePoint since;
    TimePoint latest;
    Reason reason;  // of the latest evidence

    bool operator==(const Suspicion&) const = default;
};

enum class Doubt {
    none,  // verdicts apply
    frozen,  // verdicts of down wait
    worn_off,  // evidence still comes, but has lasted so long that verdicts apply all the same
};

std::string_view to_string(Doubt doubt);

struct DoubtDecision {
    Doubt doubt = Doubt::none;
    /// When to decide again although nothing happens.
    std::optional<TimePoint> deadline;

    bool operator==(const DoubtDecision&) const = default;
};

/// Evidence is repeated every second for as long as it is found anew; after so long it is over.
constexpr Duration evidence_fades{2000};

/// Whether evidence of this code (monitors::Evidence) says that failures may be ours. What only
/// delays a check, or keeps one kind of check from running at all, produces no false failure.
bool casts_doubt(std::string_view code);

/// The suspicion with one more piece of evidence.
Suspicion suspect(const std::optional<Suspicion>& known, Reason reason, TimePoint now);

DoubtDecision decide_doubt(const std::optional<Suspicion>& suspicion, Duration suspect_max,
                           TimePoint now);

}  // namespace vipd
