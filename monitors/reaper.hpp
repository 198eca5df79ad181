#pragma once
// Children that were killed and have to be waited for, without ever blocking on one. One a worker.

#include <sys/types.h>

#include <vector>

namespace vipd::monitors {

class Reaper {
public:
    /// Takes over a child of this process that is about to end.
    void adopt(pid_t child) { children_.push_back(child); }
    /// Waits for those that have ended.
    void reap();

    bool empty() const { return children_.empty(); }

private:
    std::vector<pid_t> children_;
};

}  // namespace vipd::monitors
