#include "src/state/state_store.hpp"

#include "src/config/config_files.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace vipd {

namespace {

const std::string state_name = "state.json";
const std::string accepted_name = "accepted-config.json";
const std::string lock_name = "lock";

StoreError error_of(std::string code, const std::string& what, int number) {
    return {.reason = {.code = std::move(code),
                       .text = fmt::format("{}: {}", what, std::strerror(number))},
            .code = number};
}

// A descriptor that is closed at the end of its scope unless it is given away.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return number_; }
    bool valid() const { return number_ >= 0; }
    int release() { return std::exchange(number_, -1); }
    /// Some file systems report a failed write only here (close(2)).
    bool close() { return number_ < 0 || ::close(release()) == 0; }

private:
    int number_;
};

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string holder_of(int lock) {
    std::array<char, 32> text{};
    const auto size = ::pread(lock, text.data(), text.size() - 1, 0);
    const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return pid.substr(0, pid.find_first_not_of("0123456789"));
}

}  // namespace

boost::system::result<StateStore, StoreError> StateStore::open(const std::string& folder) {
    std::error_code made;
    std::filesystem::create_directories(folder, made);
    Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid()) return error_of("state-unusable", folder, errno);

    Descriptor lock(::openat(directory.get(), lock_name.c_str(),
                             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock.valid()) return error_of("state-unusable", folder + "/" + lock_name, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return error_of("state-unusable", folder + "/" + lock_name, errno);
        const auto pid = holder_of(lock.get());
        return StoreError{
            .reason = {.code = "state-locked",
                       .text = fmt::format("another vipd{} uses {}",
                                           pid.empty() ? "" : " (process " + pid + ")", folder)},
            .code = EWOULDBLOCK};
    }
    // Only for people and for the message above: the lock is what counts, so a full disk is no
    // reason to stop.
    const auto pid = std::to_string(::getpid()) + "\n";
    [[maybe_unused]] const bool noted =
        ::ftruncate(lock.get(), 0) == 0 && write_all(lock.get(), pid);
    return StateStore(folder, directory.release(), lock.release());
}

StateStore::~StateStore() {
    if (lock_ >= 0) ::close(lock_);
    if (directory_ >= 0) ::close(directory_);
}

StateStore::StateStore(StateStore&& other) noexcept
    : folder_(std::move(other.folder_)),
      directory_(std::exchange(other.directory_, -1)),
      lock_(std::exchange(other.lock_, -1)) {}

StateStore& StateStore::operator=(StateStore&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(directory_, other.directory_);
    std::swap(lock_, other.lock_);
    return *this;
}

template <class T, class Read>
Restored<T> StateStore::load(const std::string& name, Read read) {
    const auto path = folder_ + "/" + name;
    if (::faccessat(directory_, name.c_str(), F_OK, 0) != 0 && errno == ENOENT) return {};
    const auto text = DiskFiles().read(path);
    if (!text) {
        return {
            .value = std::nullopt,
            .ignored = Reason{.code = "state-unusable", .text = path + ": " + text.error().text}};
    }
    auto value = read(*text);
    if (value) return {.value = std::move(*value), .ignored = std::nullopt};

    auto reason = value.error().reason;
    const auto aside = name + (reason.code == "state-newer" ? ".newer" : ".damaged");
    const bool kept = ::renameat(directory_, name.c_str(), directory_, aside.c_str()) == 0;
    reason.text = fmt::format(
        "{} is ignored: {}; {}", path, reason.text,
        kept ? "kept as " + folder_ + "/" + aside : std::string("it could not be renamed"));
    return {.value = std::nullopt, .ignored = std::move(reason)};
}

Restored<State> StateStore::load_state() {
    return load<State>(state_name, read_state);
}

Restored<AcceptedConfig> StateStore::load_accepted_config() {
    return load<AcceptedConfig>(accepted_name, read_accepted_config);
}

boost::system::result<void, StoreError> StateStore::save(const State& state) {
    return replace(state_name, to_text(state));
}

boost::system::result<void, StoreError> StateStore::save(const AcceptedConfig& accepted) {
    return replace(accepted_name, to_text(accepted));
}

// A new file, on the disk with all its bytes before it takes the old one's name, and the name on
// the disk before we say so.
boost::system::result<void, StoreError> StateStore::replace(const std::string& name,
                                                            std::string_view text) {
    const auto fresh = name + ".new";
    const auto fail = [&](const std::string& step) {
        auto error = error_of("state-write-failed", step + " " + folder_ + "/" + fresh, errno);
        ::unlinkat(directory_, fresh.c_str(), 0);
        return error;
    };
    Descriptor file(::openat(directory_, fresh.c_str(),
                             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid()) return fail("cannot create");
    if (!write_all(file.get(), text)) return fail("cannot write");
    if (::fsync(file.get()) != 0) return fail("cannot sync");
    if (!file.close()) return fail("cannot close");
    if (::renameat(directory_, fresh.c_str(), directory_, name.c_str()) != 0)
        return fail("cannot rename");
    if (::fsync(directory_) != 0)
        return error_of("state-write-failed", "cannot sync " + folder_, errno);
    return {};
}

std::string current_boot_id() {
    const auto text = DiskFiles().read("/proc/sys/kernel/random/boot_id");
    return text ? text->substr(0, text->find('\n')) : std::string();
}

}  // namespace vipd
