#pragma once
// Server lists read anew while the rest of the configuration stays as it was accepted: what is
// taken of them, and what is not and why. Pure.

#include "src/config/host_names.hpp"
#include "src/config/read_config.hpp"
#include "src/state/state.hpp"

#include <string>
#include <vector>

namespace vipd {

struct ListUpdate {
    /// The accepted configuration with every list as it is used from now on.
    ConfigReading reading;
    /// Files of which a new version is used, and every difference that this makes.
    std::vector<std::string> changed;
    std::vector<std::string> differences;
    /// Files of the rest of the configuration that are not on disk what they are in use, until
    /// somebody reloads.
    std::vector<std::string> not_loaded;
    /// Files of which the newest version is not used: it is unusable, or takes away too much.
    std::vector<StaleList> stale;
    /// In the newest versions, whether they are used or not.
    HostNames names;
};

/// `accepted` must be what load_config has found good. Reads the lists that `accepted` names from
/// `files`. Lists that together take away too much are judged one by one, so that one that is wrong
/// holds up no other.
/// Both sides are judged with what host names stand for, by `addresses`.
ListUpdate update_lists(const AcceptedConfig& accepted, const ConfigFiles& files,
                        const NameAddresses& addresses = {});

}  // namespace vipd
