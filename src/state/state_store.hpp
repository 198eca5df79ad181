#pragma once
// The folder that state is kept in: one instance at a time, files replaced as a whole or not at
// all. Blocking; used by one thread at a time.

#include "src/state/state.hpp"
#include "src/state/state_text.hpp"

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vipd {

/// An operation that the system refused. Codes: state-locked, state-unusable, state-write-failed.
struct StoreError {
    Reason reason;
    int code = 0;  // errno
};

/// What was found at start: nothing, a value, or a reason why what was there is of no use (and
/// where it was put aside).
template <class T>
struct Restored {
    std::optional<T> value;
    std::optional<Reason> ignored;
};

class StateStore {
public:
    /// Makes the folder if it is not there, and takes its lock, which is held for the life of the
    /// store. Another vipd that has it is an error that says so.
    static boost::system::result<StateStore, StoreError> open(const std::string& folder);

    ~StateStore();
    StateStore(StateStore&& other) noexcept;
    StateStore& operator=(StateStore&& other) noexcept;
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    /// A file that is damaged or from a newer vipd is renamed, so that saving does not destroy it.
    Restored<State> load_state();
    Restored<AcceptedConfig> load_accepted_config();

    /// Replaces the file atomically and durably; on any error the old one is still there.
    boost::system::result<void, StoreError> save(const State& state);
    boost::system::result<void, StoreError> save(const AcceptedConfig& accepted);

    const std::string& folder() const { return folder_; }

private:
    StateStore(std::string folder, int folder_descriptor, int lock_descriptor)
        : folder_(std::move(folder)), directory_(folder_descriptor), lock_(lock_descriptor) {}

    template <class T, class Read>
    Restored<T> load(const std::string& name, Read read);
    boost::system::result<void, StoreError> replace(const std::string& name, std::string_view text);

    std::string folder_;
    int directory_ = -1;
    int lock_ = -1;
};

/// The kernel's name for this boot; empty if it cannot be read.
std::string current_boot_id();

}  // namespace vipd
