#pragma once
// One run of a check against one server, at the edge: owns its sockets, is driven by its worker.
// One implementation for each way of talking (stream, datagram, process, …), not for each monitor
// type.

#include "monitors/dialogue.hpp"
#include "monitors/engine.hpp"
#include "monitors/poller.hpp"
#include "monitors/reaper.hpp"
#include "monitors/stream_connection.hpp"
#include "src/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace vipd::monitors {

/// What a probe tells its worker after each call.
struct Step {
    enum class Then : std::uint8_t {
        wait,  // call again on events, or at `until`, or at the deadline, which stands until
               // `until` moves it
        hold,  // `finding` counts as a result; the probe goes on, without a deadline
        done,  // over, `finding` is the result
        renew,  // over without a result: run again now
        own_fault,  // over without a result: `finding.reason` is about us, not about the server
    };
    Then then = Then::wait;
    Finding finding{};
    std::optional<TimePoint> until{};

    static Step waiting() { return {}; }
    static Step waiting_until(TimePoint until) { return {.then = Then::wait, .until = until}; }
    static Step holding(Finding finding) {
        return {.then = Then::hold, .finding = std::move(finding)};
    }
    static Step done(Finding finding) {
        return {.then = Then::done, .finding = std::move(finding)};
    }
    static Step renewed() { return {.then = Then::renew}; }
    static Step own_fault(Reason reason) {
        return {.then = Then::own_fault,
                .finding = {.success = false, .reason = std::move(reason)}};
    }
};

/// The worker's things that a probe uses while it is called.
struct ProbeContext {
    Poller& poller;
    std::uint64_t token = 0;  // for poller.add
    Reaper& reaper;
    std::span<char> scratch;  // shared between all probes of the worker: nothing survives in it
};

/// A socket's errno as the end of a probe: about the server, or about us.
Step socket_failure(int error);

class Probe {
public:
    Probe() = default;
    virtual ~Probe() = default;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    /// Once, first. The deadline is then the plan's timeout from `now`.
    virtual Step start(const ProbeContext& context, TimePoint now) = 0;
    /// A descriptor that was given to the poller has something to say; never after the probe is
    /// over.
    virtual Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) = 0;
    /// The deadline, or the time asked for, has come.
    virtual Step expired(const ProbeContext& context, TimePoint now) = 0;

    /// A connection that take_connection() of an earlier run of the same plan gave; before start().
    virtual void reuse(std::unique_ptr<StreamConnection> /*connection*/) {}
    /// What the next run may reuse, once this one is over; null: nothing.
    virtual std::unique_ptr<StreamConnection> take_connection() { return nullptr; }

    /// How far it got.
    virtual Phases phases() const { return {}; }
};

}  // namespace vipd::monitors
