#pragma once
// A worker's watches by slot, by id and by what they do; equal ones are one. No I/O, no threads.

#include "monitors/engine.hpp"
#include "monitors/prepared_check.hpp"
#include "monitors/probe.hpp"
#include "monitors/result_log.hpp"
#include "monitors/subscribers.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace vipd::monitors {

/// One check of one server, repeated. It has exactly one timer: the next run while idle, the
/// deadline while running.
struct Watch {
    ProbePlan plan;  // what all subscribers have in common; the rest is at its default
    std::shared_ptr<const PreparedCheck> check;  // shared between the watches of equal checks
    Subscribers subscribers;
    ResultLog history;
    std::unique_ptr<Probe> probe;  // of the run under way
    std::unique_ptr<StreamConnection> kept;  // of the run before, for the next one
    std::uint32_t run = 0;  // part of the token, so that an event of an earlier run finds nobody
    std::uint8_t repeats = 0;  // in a row
    bool waiting = false;  // in line for its turn
    bool holding = false;  // has reported, goes on without a deadline
    TimePoint due;
    TimePoint started;
    std::chrono::nanoseconds lost_before{0};  // the worker's lost time when this run started
};

class WatchTable {
public:
    using Slot = std::uint32_t;

    /// `first_run` is where a new watch counts its runs from: random, so that the tokens of a
    /// slot's former tenant fit no run of the new one.
    explicit WatchTable(std::function<std::uint32_t()> first_run)
        : first_run_(std::move(first_run)) {}

    /// Takes the plan in; the slot of the watch if that is a new one, to be given its first due
    /// time. A plan that no longer asks for the same probe leaves its watch first: `abandoned` is
    /// called as by unsubscribe.
    std::optional<Slot> subscribe(ProbePlan plan, const std::function<void(Slot)>& abandoned);
    /// The last subscriber's leaving ends the watch: `abandoned` is called while it still exists.
    void unsubscribe(ProbeId id, const std::function<void(Slot)>& abandoned);

    /// Null if there is none.
    Watch* find(Slot slot) { return slot < watches_.size() ? watches_[slot].get() : nullptr; }
    Watch* find_id(ProbeId id);
    Watch& at(Slot slot) { return *watches_[slot]; }
    std::size_t size() const { return watches_.size() - free_.size(); }

private:
    Slot allocate();
    std::optional<Slot> equal_watch(const ProbePlan& common, std::size_t hash) const;
    std::shared_ptr<const PreparedCheck> prepared(const Check& check);

    std::function<std::uint32_t()> first_run_;
    std::vector<std::unique_ptr<Watch>> watches_;  // by slot; null where free
    std::vector<Slot> free_;
    std::unordered_map<ProbeId, Slot> by_id_;
    std::unordered_multimap<std::size_t, Slot> by_plan_;  // by hash of the common plan
    std::unordered_multimap<std::size_t, std::weak_ptr<const PreparedCheck>>
        checks_;  // by hash of the check
};

}  // namespace vipd::monitors
