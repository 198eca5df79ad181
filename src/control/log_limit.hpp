#pragma once
// Keeps one cause from filling the log: what happens to five thousand servers at once is told in
// full by events, and in the log by its first lines and a count. Pure.

#include "src/base/time.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vipd {

class LogLimit {
public:
    /// At most so many lines of one cause …
    static constexpr std::size_t most = 100;
    /// … in so long a time.
    static constexpr Duration window_length{10'000};

    struct Left {
        std::string cause;
        std::size_t lines = 0;  // that were not written
    };

    /// Whether a line of this cause may be written; if not it is counted.
    bool admit(const std::string& cause, TimePoint now);

    /// What was left out in windows that are over by now.
    std::vector<Left> take_left(TimePoint now);

    /// When take_left() may have something to say.
    std::optional<TimePoint> deadline() const;

private:
    struct Window {
        TimePoint end;
        std::size_t lines = 0;
    };
    std::map<std::string, Window> windows_;
};

}  // namespace vipd
