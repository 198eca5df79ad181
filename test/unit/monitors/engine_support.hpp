#pragma once
// What edge tests of the engine share: verdicts waited for, plans with short times.

#include "monitors/engine.hpp"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace vipd::monitors::test {

/// Verdicts as they come, waited for by the test.
class Verdicts {
public:
    Engine::Sink sink() {
        return [this](const Verdict& verdict) {
            const std::lock_guard lock(mutex_);
            verdicts_.push_back(verdict);
            arrived_.notify_all();
        };
    }

    /// The n-th verdict (from 0); throws when it has not come within two seconds.
    Verdict at(std::size_t n) {
        std::unique_lock lock(mutex_);
        const auto there = [this, n] { return verdicts_.size() > n; };
        if (!arrived_.wait_for(lock, std::chrono::seconds(2), there))
            throw std::runtime_error("no verdict");
        return verdicts_[n];
    }

    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return verdicts_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Verdict> verdicts_;
};

/// Real time, for [edge] tests: that something does not happen can only be waited for.
inline void let_pass(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);  // the only sleep
}

/// Whether it came true within two seconds.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
        if (condition()) return true;
        let_pass(std::chrono::milliseconds(1));
    }
    return false;
}

inline ProbePlan quick_plan(const Endpoint& target, Check check) {
    ProbePlan plan;
    plan.id = 1;
    plan.target = target;
    plan.check = std::move(check);
    plan.interval = plan.timeout = Duration(20);
    plan.thresholds = {.rise = 1, .fall = 1};
    return plan;
}

inline std::string text(const Verdict& verdict) {
    const auto& reason = verdict.because_of.reason;
    return std::string(to_string(verdict.health)) + " " + reason.code + ": " + reason.text;
}

/// The first verdict on a plan: "down timeout: no connection within 20ms".
inline std::string one_verdict(const ProbePlan& plan) {
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({plan}, {});
    return text(verdicts.at(0));
}

}  // namespace vipd::monitors::test
