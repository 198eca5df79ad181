#include "monitors/sequence_probe.hpp"

#include <utility>

namespace vipd::monitors {

SequenceProbe::SequenceProbe(const std::vector<std::string>& names, std::size_t required, Make make)
    : names_(names), required_(required), make_(std::move(make)) {}

Step SequenceProbe::start(const ProbeContext& context, TimePoint now) {
    return go_on(context, start_next(context, now), now);
}

Step SequenceProbe::ready(const ProbeContext& context, std::uint32_t events, TimePoint now) {
    return go_on(context, probe_->ready(context, events, now), now);
}

Step SequenceProbe::expired(const ProbeContext& context, TimePoint now) {
    auto step = probe_->expired(context, now);
    step.finding.reason.text = names_[current_] + ": " + step.finding.reason.text;
    return step;
}

/// Stops as soon as the outcome is clear.
Step SequenceProbe::go_on(const ProbeContext& context, Step step, TimePoint now) {
    while (step.then == Step::Then::done) {
        if (step.finding.success) {
            ++succeeded_;
        } else if (first_failure_.code.empty()) {
            first_failure_ = {step.finding.reason.code,
                              names_[current_] + ": " + step.finding.reason.text};
        }
        ++current_;
        const auto left = names_.size() - current_;
        if (succeeded_ >= required_ || succeeded_ + left < required_) return verdict();
        kept_ = probe_->take_connection();
        step = start_next(context, now);
    }
    return step;
}

Step SequenceProbe::start_next(const ProbeContext& context, TimePoint now) {
    probe_ = make_(current_);
    if (kept_) probe_->reuse(std::move(kept_));
    return probe_->start(context, now);
}

Step SequenceProbe::verdict() const {
    const auto tally =
        std::to_string(succeeded_) + " of " + std::to_string(current_) + " URLs did well";
    if (succeeded_ >= required_) return Step::done({true, {"ok", tally}});
    return Step::done({false,
                       {first_failure_.code, first_failure_.text + " (" + tally + ", " +
                                                 std::to_string(required_) + " required)"}});
}

}  // namespace vipd::monitors
