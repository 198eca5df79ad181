#pragma once
// What this process knows of former ones: the state they left, and the configuration they accepted
// last. Keeps both up to date on the disk, on a thread of its own.

#include "src/config/read_config.hpp"
#include "src/state/state.hpp"
#include "src/state/state_writer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vipd {

class SavedState {
public:
    /// Takes the folder's lock and reads what is there. Throws std::runtime_error with words for
    /// the operator when another vipd has it or it cannot be used.
    explicit SavedState(const std::string& folder);

    /// As the former process left it; empty after a first start.
    const State& previous() const { return previous_; }
    bool found() const { return found_; }
    const std::optional<AcceptedConfig>& accepted() const { return accepted_; }
    /// Why something that was there is of no use.
    const std::vector<Reason>& ignored() const { return ignored_; }
    const std::string& boot_id() const { return boot_id_; }
    /// Starts without a planned stop before them within five minutes, this one included.
    std::size_t unclean_starts() const { return unclean_starts_; }

    /// From now on this process is the one that runs. `sink` hears of every attempt to save.
    void begin(State state, StateWriter::Sink sink, WallTime wall);
    void save(State state, WallTime wall);
    void accept(AcceptedConfig accepted);
    /// The planned end: whoever starts next follows a clean stop.
    void end(State state, WallTime wall);

private:
    void complete(State& state, WallTime wall, bool running) const;

    std::optional<StateStore> store_;
    std::unique_ptr<StateWriter> writer_;
    State previous_;
    bool found_ = false;
    std::optional<AcceptedConfig> accepted_;
    std::vector<Reason> ignored_;
    std::string boot_id_;
    std::vector<WallTime> unclean_starts_at_;
    std::size_t unclean_starts_ = 0;
};

/// The configuration to start with.
struct StartConfig {
    ConfigReading reading;
    /// The last accepted one is used instead of what is in the file, and why.
    std::optional<std::string> fallback;
};

/// Judges what is in the file against what was accepted last: lists that have become useless are
/// replaced by their last good form, and a file that takes away too much is not believed.
StartConfig choose_config(const std::string& file, const std::optional<AcceptedConfig>& accepted);

}  // namespace vipd
