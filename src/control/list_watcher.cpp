#include "src/control/list_watcher.hpp"

#include <boost/asio/post.hpp>
#include <sys/inotify.h>

#include <array>
#include <filesystem>
#include <utility>

namespace vipd {
namespace asio = boost::asio;
namespace {

/// Coarser than the times that file systems give to files (a tick of the kernel's clock).
constexpr std::chrono::milliseconds settled_after{100};

constexpr std::uint32_t watched_events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                         IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                         IN_ONLYDIR;

std::string folder_of(const std::string& file) {
    const auto folder = std::filesystem::path(file).parent_path().string();
    return folder.empty() ? "." : folder;
}

}  // namespace

ListWatcher::ListWatcher(const asio::any_io_executor& executor, std::function<void()> changed,
                         WatchPace pace)
    : executor_(executor), changed_(std::move(changed)), pace_(pace), timer_(executor) {}

void ListWatcher::watch(std::set<std::string> files) {
    asio::post(executor_, [this, files = std::move(files)]() mutable {
        files_ = std::move(files);
        if (!inotify_) open_inotify();
        look();
    });
}

/// Without inotify (its instances are limited per user) the regular look does it alone.
void ListWatcher::open_inotify() {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return;
    inotify_.emplace(executor_, descriptor);
    wait_for_events();
}

/// What the events say does not matter, only that there are some: a look finds what is true now.
void ListWatcher::wait_for_events() {
    inotify_->async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                             if (error) return;
                             std::array<char, 65536> events{};
                             boost::system::error_code ignored;
                             inotify_->read_some(asio::buffer(events), ignored);
                             look_soon();
                             wait_for_events();
                         });
}

void ListWatcher::look_soon() {
    const auto when = Clock::now() + pace_.settle;
    if (timer_.expiry() <= when) return;  // one that is due before that will do
    timer_.expires_at(when);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look();
    });
}

void ListWatcher::look() {
    watch_folders();  // before the versions are read, so that no change falls in between
    Versions found;
    for (const auto& file : files_)
        found.emplace(file, version_of(file));
    if (std::exchange(known_, found) != found) changed_();
    if (files_.empty()) return;
    timer_.expires_after(pace_.look);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look();
    });
}

/// A watch follows the folder it was made for, not its name: each look asks for the name again. The
/// kernel answers with the same watch if it is still the same folder.
void ListWatcher::watch_folders() {
    if (!inotify_) return;
    const int inotify = inotify_->native_handle();
    std::map<std::string, int> watches;
    std::set<int> used;
    for (const auto& file : files_) {
        const auto folder = folder_of(file);
        if (watches.contains(folder)) continue;
        const int watch = ::inotify_add_watch(inotify, folder.c_str(), watched_events);
        if (watch < 0) continue;
        watches.emplace(folder, watch);
        used.insert(watch);
    }
    for (const auto& [folder, watch] : std::exchange(watches_, watches)) {
        if (!used.contains(watch)) ::inotify_rm_watch(inotify, watch);
    }
}

std::optional<ListWatcher::Version> ListWatcher::version_of(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return std::nullopt;
    const auto changed = std::chrono::seconds(found.st_ctim.tv_sec) +
                         std::chrono::nanoseconds(found.st_ctim.tv_nsec);
    const auto age = std::chrono::system_clock::now().time_since_epoch() - changed;
    return Version{.device = found.st_dev,
                   .inode = found.st_ino,
                   .size = found.st_size,
                   .modified = {found.st_mtim.tv_sec, found.st_mtim.tv_nsec},
                   .changed = {found.st_ctim.tv_sec, found.st_ctim.tv_nsec},
                   .settled = age > settled_after};
}

}  // namespace vipd
