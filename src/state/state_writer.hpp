#pragma once
// Saves state on a thread of its own, so that a slow or full disk delays no decision. The latest
// value wins; what could not be saved is tried again with back-off until it is, or until something
// newer is there.

#include "src/state/state_store.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace vipd {

class StateWriter {
public:
    /// Called on the writer's thread after every attempt, with the error if it failed; must not
    /// block (post it on).
    using Sink = std::function<void(std::optional<StoreError>)>;

    StateWriter(StateStore store, Sink sink);
    /// Tries once more to save what is pending, and joins.
    ~StateWriter();
    StateWriter(const StateWriter&) = delete;
    StateWriter& operator=(const StateWriter&) = delete;

    /// From any thread; returns at once.
    void save(State state);
    void save(AcceptedConfig accepted);

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace vipd
