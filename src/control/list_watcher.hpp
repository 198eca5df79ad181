#pragma once
// Tells when files may have changed. inotify on their folders says it at once, so that a file which
// is renamed into place is seen; a look every two seconds sees what inotify cannot: a folder that
// comes back, a link to another folder, a network file system, more watches than the user may have.

#include "src/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace vipd {

struct WatchPace {
    /// Writing a file is several events: one look for all that come within this time.
    Duration settle{200};
    /// A look without any event.
    Duration look{2000};
};

class ListWatcher {
public:
    /// All work is done on `executor`, which must run one thing at a time and be at rest when this
    /// object is destroyed. `changed` is called there, at first for what was found in the
    /// beginning.
    ListWatcher(const boost::asio::any_io_executor& executor, std::function<void()> changed,
                WatchPace pace = {});

    /// From any thread: the files to watch from now on, whether they exist or not. A folder changes
    /// with the names in it.
    void watch(std::set<std::string> files);

private:
    /// What tells one version of a file from another without reading it; nothing: no such file.
    struct Version {
        dev_t device{};
        ino_t inode{};
        off_t size{};
        std::pair<time_t, long> modified;
        std::pair<time_t, long> changed;
        /// Written so recently that one more write could bear the same times: it is read once more
        /// when that is over.
        bool settled = true;

        bool operator==(const Version&) const = default;
    };
    using Versions = std::map<std::string, std::optional<Version>>;

    static std::optional<Version> version_of(const std::string& file);
    void open_inotify();
    void wait_for_events();
    void look_soon();
    void look();
    void watch_folders();

    boost::asio::any_io_executor executor_;
    std::function<void()> changed_;
    WatchPace pace_;
    std::set<std::string> files_;
    Versions known_;
    /// inotify's watch of each folder; one that is not there has none.
    std::map<std::string, int> watches_;
    std::optional<boost::asio::posix::stream_descriptor> inotify_;
    boost::asio::steady_timer timer_;
};

}  // namespace vipd
