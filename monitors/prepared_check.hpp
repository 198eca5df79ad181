#pragma once
// A check with everything that its probes share made once. Immutable; shared by all probes of equal
// checks.

#include "monitors/check.hpp"
#include "monitors/probe.hpp"

#include <memory>
#include <string>

namespace vipd::monitors {

class PreparedCheck {
public:
    explicit PreparedCheck(Check check);
    PreparedCheck(const PreparedCheck&) = delete;
    PreparedCheck& operator=(const PreparedCheck&) = delete;

    const Check& check() const { return check_; }

    /// One run of `plan`, whose check is equal to this one. Both must outlive it.
    std::unique_ptr<Probe> make_probe(const ProbePlan& plan) const;

private:
    const Check check_;
    const std::string request_;  // http
};

}  // namespace vipd::monitors
