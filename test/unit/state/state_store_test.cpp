#include "src/state/state_store.hpp"

#include "src/config/config_files.hpp"
#include "test/unit/state/opened.hpp"
#include "test/unit/state/states.hpp"
#include "test/unit/state/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace vipd;
using namespace vipd::test;

namespace {

// While this lives no file of this process grows beyond a size: what a full disk looks like to
// write(2).
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &previous_);
        auto limit = previous_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &previous_);
        std::signal(SIGXFSZ, previous_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a first start finds nothing and no fault", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path() + "/new/state");
    const auto restored = store.load_state();
    CHECK_FALSE(restored.value);
    CHECK_FALSE(restored.ignored);
    CHECK_FALSE(store.load_accepted_config().ignored);
}

TEST_CASE("what was saved is found again", "[edge]") {
    const TemporaryFolder folder;
    {
        auto store = opened(folder.path());
        REQUIRE(store.save(full_state()).has_value());
        REQUIRE(store.save(State{}).has_value());
        REQUIRE(store.save(full_state()).has_value());
        REQUIRE(store.save(accepted_config()).has_value());
    }
    auto store = opened(folder.path());
    CHECK(store.load_state().value == full_state());
    CHECK(store.load_accepted_config().value == accepted_config());
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/state.json.new"));
}

TEST_CASE("one folder has one vipd", "[edge]") {
    const TemporaryFolder folder;
    auto store = std::make_unique<StateStore>(opened(folder.path()));
    const auto second = StateStore::open(folder.path());
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().reason.code == "state-locked");
    CHECK(second.error().reason.text ==
          "another vipd (process " + std::to_string(::getpid()) + ") uses " + folder.path());
    store.reset();
    CHECK(StateStore::open(folder.path()).has_value());
}

TEST_CASE("a folder that cannot be is an error in the system's words", "[edge]") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/file") << "x";
    const auto store = StateStore::open(folder.path() + "/file");
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().reason.code == "state-unusable");
    CHECK(store.error().reason.text == folder.path() + "/file: Not a directory");
}

TEST_CASE("a damaged file is ignored, said and kept", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path());
    std::ofstream(folder.path() + "/state.json") << "garbage\n";
    const auto restored = store.load_state();
    CHECK_FALSE(restored.value);
    REQUIRE(restored.ignored);
    CHECK(restored.ignored->code == "state-damaged");
    CHECK(restored.ignored->text ==
          folder.path() +
              "/state.json is ignored: its first line is not that of a vipd state "
              "file; kept as " +
              folder.path() + "/state.json.damaged");
    REQUIRE(store.save(full_state()).has_value());
    CHECK(std::filesystem::exists(folder.path() + "/state.json.damaged"));
    CHECK(store.load_state().value == full_state());
}

TEST_CASE("the file of a newer vipd is ignored, said and kept", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path());
    auto text = to_text(full_state());
    text.replace(text.find("\"version\":1"), 11, "\"version\":9");
    std::ofstream(folder.path() + "/state.json") << text;
    const auto restored = store.load_state();
    REQUIRE(restored.ignored);
    CHECK(restored.ignored->code == "state-newer");
    CHECK(*DiskFiles().read(folder.path() + "/state.json.newer") == text);
}

TEST_CASE("a full disk loses nothing", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path());
    REQUIRE(store.save(full_state()).has_value());
    for (const auto bytes : std::vector<rlim_t>{0, 1, 50, 300}) {
        const FileSizeLimit limit(bytes);
        const auto saved = store.save(State{});
        CAPTURE(bytes);
        if (bytes < 300) {
            REQUIRE_FALSE(saved.has_value());
            CHECK(saved.error().reason.code == "state-write-failed");
            CHECK(saved.error().code == EFBIG);
        }
        if (!saved) CHECK(store.load_state().value == full_state());
        CHECK_FALSE(std::filesystem::exists(folder.path() + "/state.json.new"));
    }
    REQUIRE(store.save(State{}).has_value());
    CHECK(store.load_state().value == State{});
}

TEST_CASE("what a crash left of a save does not disturb", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path());
    REQUIRE(store.save(full_state()).has_value());
    std::ofstream(folder.path() + "/state.json.new") << "half of a sta";
    CHECK(store.load_state().value == full_state());
    CHECK(store.save(State{}).has_value());
    CHECK(store.load_state().value == State{});
}

TEST_CASE("a folder that vanished is an error and not an end", "[edge]") {
    const TemporaryFolder folder;
    auto store = opened(folder.path() + "/state");
    std::filesystem::remove_all(folder.path() + "/state");
    const auto saved = store.save(full_state());
    REQUIRE_FALSE(saved.has_value());
    CHECK(saved.error().code == ENOENT);
}

TEST_CASE("this boot has a name", "[edge]") {
    CHECK(current_boot_id().size() == 36);
}
