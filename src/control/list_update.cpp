#include "src/control/list_update.hpp"

#include "src/config/difference.hpp"
#include "src/config/load_document.hpp"
#include "src/config/shrink_guard.hpp"

#include <fmt/format.h>

#include <cassert>
#include <set>
#include <utility>

namespace vipd {
namespace {

/// The lists that are tried in one go, and what came of it.
struct Attempt {
    ConfigReading reading;
    /// Why it cannot be used as a whole; empty: it can.
    std::string objection;
};

class Updater {
public:
    Updater(const AcceptedConfig& accepted, const ConfigFiles& files,
            const NameAddresses& addresses)
        : accepted_(accepted),
          files_(files),
          addresses_(addresses),
          before_(load_config(accepted.file, accepted.node, KeptFiles(accepted.texts), {})) {
        before_.config = with_addresses(std::move(before_.config), addresses_);
    }

    ListUpdate run();

private:
    Attempt attempt(std::set<std::string> lists) const;
    void take_one_by_one(const std::vector<std::string>& files, ListUpdate& update) const;
    std::vector<std::string> not_loaded() const;

    const AcceptedConfig& accepted_;
    const ConfigFiles& files_;
    const NameAddresses& addresses_;
    ConfigReading before_;
};

std::vector<std::string> changed_files(const FileTexts& before, const FileTexts& after) {
    std::vector<std::string> changed;
    for (const auto& [path, text] : after) {
        const auto known = before.find(path);
        if (known == before.end() || known->second != text) changed.push_back(path);
    }
    return changed;
}

std::vector<std::string> difference_lines(const Config& before, const Config& after) {
    std::vector<std::string> lines;
    for (const auto& difference : differences(before, after))
        lines.push_back(difference.to_string());
    return lines;
}

Attempt Updater::attempt(std::set<std::string> lists) const {
    const KeptFiles kept(accepted_.texts);
    Attempt attempt;
    attempt.reading = load_config(accepted_.file, accepted_.node,
                                  LayeredFiles(kept, files_, std::move(lists)), accepted_.texts);
    if (!attempt.reading.ok()) {
        attempt.objection = summary(attempt.reading.problems);
        return attempt;
    }
    attempt.reading.config = with_addresses(std::move(attempt.reading.config), addresses_);
    const auto objections = shrink_objections(before_.config, attempt.reading.config);
    if (objections.empty()) return attempt;
    attempt.objection = fmt::format("{}; vipctl reload --allow-shrink takes it all the same",
                                    fmt::join(objections, "; "));
    return attempt;
}

ListUpdate Updater::run() {
    ListUpdate update;
    assert(before_.ok());
    auto all = attempt(list_files(before_.config));
    update.stale = std::exchange(all.reading.stale_lists, {});
    update.names = host_names(all.reading.config);
    const auto changed = changed_files(before_.files, all.reading.files);
    if (all.objection.empty()) {
        update.reading = std::move(all.reading);
        update.changed = changed;
    } else {
        take_one_by_one(changed, update);
    }
    update.differences = difference_lines(before_.config, update.reading.config);
    update.not_loaded = not_loaded();
    return update;
}

/// With what it includes, so that files which match for the first time are found too.
std::vector<std::string> Updater::not_loaded() const {
    Problems ignored;  // of what is not in use
    const auto on_disk = load_document(accepted_.file, files_, ignored).texts;
    auto files = changed_files(accepted_.texts, on_disk);
    for (const auto& [path, text] : accepted_.texts) {
        if (!on_disk.contains(path)) files.push_back(path);
    }
    const auto lists = list_files(before_.config);
    std::erase_if(files, [&](const auto& path) { return lists.contains(path); });
    return files;
}

void Updater::take_one_by_one(const std::vector<std::string>& files, ListUpdate& update) const {
    update.reading = before_;
    std::set<std::string> taken;
    for (const auto& file : files) {
        auto tried = taken;
        tried.insert(file);
        auto next = attempt(tried);
        if (!next.objection.empty()) {
            update.stale.push_back({file, std::move(next.objection)});
            continue;
        }
        taken = std::move(tried);
        update.reading = std::move(next.reading);
        update.changed.push_back(file);
    }
}

}  // namespace

ListUpdate update_lists(const AcceptedConfig& accepted, const ConfigFiles& files,
                        const NameAddresses& addresses) {
    return Updater(accepted, files, addresses).run();
}

}  // namespace vipd
