#pragma once
// The last results of one probe, kept small: there is one log for each of thousands of servers. No
// I/O.

#include "monitors/engine.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace vipd::monitors {

class ResultLog {
public:
    static constexpr std::size_t most = 30;

    /// What is oldest goes when there are `most` already.
    void add(const ProbeResult& result);
    /// Oldest first.
    Engine::History results() const;

private:
    /// A row of results mostly says the same; then its words are kept once.
    struct Entry {
        TimePoint finished;
        std::shared_ptr<const Reason> reason;  // shared by equal ones in a row, on this thread
        Phases phases;
        std::optional<std::uint32_t> weight;
        std::uint32_t took = 0;  // microseconds: more than an hour fits
        bool success = false;
    };

    std::vector<Entry> entries_;  // a ring once it is full
    std::size_t oldest_ = 0;
};

}  // namespace vipd::monitors
