#pragma once
// One run of a check against one server, at the edge: owns its sockets, is driven by its worker.
// One implementation for each way of talking (stream, datagram, process, …), not for each monitor
// type.

#include "monitors/dialogue.hpp"
#include "monitors/poller.hpp"
#include "src/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace vipd::monitors {

/// What a probe tells its worker after each call.
struct Step {
    enum class Then : std::uint8_t {
        wait,  // call again on events, at the latest when the deadline has passed
        done,  // over; `finding` holds the result
        own_fault,  // over without a result: `finding.reason` is about us, not about the server
    };
    Then then = Then::wait;
    Finding finding;

    static Step waiting() { return {}; }
    static Step done(Finding finding) { return {Then::done, std::move(finding)}; }
    static Step own_fault(Reason reason) { return {Then::own_fault, {false, std::move(reason)}}; }
};

/// The worker's things that a probe uses while it is called.
struct ProbeContext {
    Poller& poller;
    std::uint64_t token = 0;  // for poller.add
    std::span<char> scratch;  // shared between all probes of the worker: nothing survives in it
};

class Probe {
public:
    Probe() = default;
    virtual ~Probe() = default;
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    virtual Step start(const ProbeContext& context, TimePoint now) = 0;
    virtual Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) = 0;
    /// The deadline has passed: what was being waited for.
    virtual Finding expired(std::chrono::nanoseconds timeout) const = 0;
};

}  // namespace vipd::monitors
