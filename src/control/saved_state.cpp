#include "src/control/saved_state.hpp"

#include "src/config/shrink_guard.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace vipd {

SavedState::SavedState(const std::string& folder) : boot_id_(current_boot_id()) {
    auto opened = StateStore::open(folder);
    if (!opened) throw std::runtime_error(opened.error().reason.text);
    store_.emplace(std::move(*opened));
    auto state = store_->load_state();
    if (state.ignored) ignored_.push_back(*state.ignored);
    found_ = state.value.has_value();
    if (found_) previous_ = std::move(*state.value);
    auto accepted = store_->load_accepted_config();
    if (accepted.ignored) ignored_.push_back(*accepted.ignored);
    accepted_ = std::move(accepted.value);
}

void SavedState::begin(State state, StateWriter::Sink sink, WallTime wall) {
    const auto mine = started(previous_, wall);
    unclean_starts_at_ = mine.unclean_starts;
    unclean_starts_ = recent_unclean_starts(mine, wall);
    writer_ = std::make_unique<StateWriter>(std::move(*store_), std::move(sink));
    save(std::move(state), wall);
}

void SavedState::complete(State& state, WallTime wall, bool running) const {
    state.boot_id = boot_id_;
    state.saved_at = wall;
    state.running = running;
    state.unclean_starts = unclean_starts_at_;
}

void SavedState::save(State state, WallTime wall) {
    complete(state, wall, true);
    writer_->save(std::move(state));
}

void SavedState::end(State state, WallTime wall) {
    complete(state, wall, false);
    writer_->save(std::move(state));
}

void SavedState::accept(AcceptedConfig accepted) {
    writer_->save(std::move(accepted));
}

StartConfig choose_config(const std::string& file, const std::optional<AcceptedConfig>& accepted) {
    if (!accepted || accepted->file != file) return {read_config_file(file), std::nullopt};

    StartConfig start{read_config_file(file, last_lists(*accepted)), std::nullopt};
    if (!start.reading.ok()) return start;
    auto before = load_config(file, accepted->node, KeptFiles(accepted->texts), {});
    if (!before.ok()) return start;  // of an older vipd that accepted other things
    const auto objections = shrink_objections(before.config, start.reading.config);
    if (objections.empty()) return start;
    // Lists alone are judged again as soon as vipd runs, one by one.
    const KeptFiles kept(accepted->texts);
    const DiskFiles disk;
    auto without_new_lists =
        load_config(file, accepted->node, LayeredFiles(disk, kept, list_files(before.config)), {});
    if (without_new_lists.ok() &&
        shrink_objections(before.config, without_new_lists.config).empty()) {
        start.reading = std::move(without_new_lists);
        return start;
    }
    start.fallback = fmt::format(
        "{} takes away too much compared with what was accepted last, which is used instead: {}; "
        "vipctl reload --allow-shrink applies it",
        file, fmt::join(objections, "; "));
    start.reading = std::move(before);
    return start;
}

}  // namespace vipd
