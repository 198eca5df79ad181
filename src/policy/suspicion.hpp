#pragma once
// Whether we doubt our own eyes (docs/policy.md §1.1). Pure. Only evidence against ourselves
// counts: many failures at one instant may as well be true.

#include "monitors/health.hpp"
#include "src/base/reason.hpp"
#include "src/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// The suspicion while evidence stands that does not come in pieces.
Suspicion stay_suspect(const std::optional<Suspicion>& known, Reason reason, TimePoint now);

/// A check of ourselves, as far as it is known.
struct ControlProbe {
    /// This host's own loopback; else another host that an operator has named.
    bool loopback = false;
    monitors::Health health = monitors::Health::unknown;
    /// Has succeeded since it was configured. One that never has is no evidence: it may be wrong
    /// itself.
    bool proven = false;
    std::string name;
    Reason reason;  // of the result that led to its health

    bool operator==(const ControlProbe&) const = default;
};

/// What speaks against ourselves: a loopback that has failed, or, of the named hosts that ever
/// answered, all; one that still answers shows that the way out works. Code: control-probe.
std::optional<Reason> control_evidence(const std::vector<ControlProbe>& probes);

DoubtDecision decide_doubt(const std::optional<Suspicion>& suspicion, Duration suspect_max,
                           TimePoint now);

}  // namespace vipd
