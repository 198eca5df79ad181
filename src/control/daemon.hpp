#pragma once
// The control thread: carries what the edges found to the controller, and what the controller wants
// to the edges. Owns all other threads. Everything that could be decided is decided in the
// controller; here is only wiring.

#include "src/config/read_config.hpp"
#include "src/control/log.hpp"
#include "src/control/saved_state.hpp"

#include <memory>
#include <optional>
#include <string>

namespace vipd {

struct DaemonOptions {
    std::string config_file;
    /// The last accepted configuration is used instead of what is in the file, and why.
    std::optional<std::string> fallback;
    /// Run beside another balancer: read the kernel, write nothing, no BGP.
    bool observe = false;
};

class Daemon {
public:
    /// Opens every socket and the kernel's table; throws std::exception with words for the operator
    /// if one fails.
    /// Without `saved` nothing is remembered.
    Daemon(ConfigReading reading, std::unique_ptr<SavedState> saved, DaemonOptions options,
           Log& log);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Runs on the calling thread until a planned stop is over. Throws on a broken invariant.
    void run();

private:
    class Wiring;
    std::unique_ptr<Wiring> wiring_;
};

}  // namespace vipd
