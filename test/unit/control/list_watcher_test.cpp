#include "src/control/list_watcher.hpp"

#include "test/unit/state/temporary_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace vipd;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto longest = 5s;

/// A watcher of "pools/a.json" in a folder of its own, on this thread.
struct Watched {
    explicit Watched(WatchPace pace)
        : watcher(
              io.get_executor(), [this] { ++changes; }, pace) {}

    void begin() {
        fs::create_directory(folder.path() + "/pools");
        write("1");
        watcher.watch({file});
        CHECK(noticed());
        settle();
    }
    void write(const std::string& text) const { std::ofstream(file) << text; }
    void replace(const std::string& text) const {
        std::ofstream(file + ".new") << text;
        fs::rename(file + ".new", file);
    }
    /// Something was noticed since the last time that this was asked.
    bool noticed() {
        const auto until = Clock::now() + longest;
        while (changes == seen && Clock::now() < until)
            io.run_one_for(longest);
        return std::exchange(seen, changes) != changes;
    }
    /// A file that was just written is looked at once more: let that be over.
    void settle() {
        io.run_for(150ms);
        seen = changes;
    }

    test::TemporaryFolder folder;
    std::string file = folder.path() + "/pools/a.json";
    boost::asio::io_context io{1};
    int changes = 0;
    int seen = 0;
    ListWatcher watcher;
};

/// By events alone, and by looking alone.
const WatchPace events_only{5ms, 1h};
const WatchPace looks_only{1h, 10ms};

}  // namespace

TEST_CASE("a file written, replaced, emptied, removed or restored is noticed [edge]", "[edge]") {
    const auto pace = GENERATE(events_only, looks_only);
    Watched watched(pace);
    watched.begin();
    watched.write("22");
    CHECK(watched.noticed());
    watched.replace("333");
    CHECK(watched.noticed());
    watched.write("");
    CHECK(watched.noticed());
    fs::remove(watched.file);
    CHECK(watched.noticed());
    watched.write("1");
    CHECK(watched.noticed());
    fs::permissions(watched.file, fs::perms::none);
    CHECK(watched.noticed());
}

TEST_CASE("other files in the folder are not told of [edge]", "[edge]") {
    Watched watched({5ms, 10ms});
    watched.begin();
    std::ofstream(watched.folder.path() + "/pools/other") << "text";
    watched.settle();
    const auto before = watched.changes;
    watched.io.run_for(50ms);
    CHECK(watched.changes == before);
}

TEST_CASE("a folder may vanish and come back, as itself or as another [edge]", "[edge]") {
    Watched watched({5ms, 10ms});
    watched.begin();
    const auto pools = watched.folder.path() + "/pools";
    fs::remove_all(pools);
    CHECK(watched.noticed());
    fs::create_directory(pools);
    watched.write("1");
    CHECK(watched.noticed());
    watched.settle();
    watched.replace("22");
    CHECK(watched.noticed());

    fs::rename(pools, pools + ".old");
    CHECK(watched.noticed());
    fs::create_directory(pools + ".new");
    std::ofstream(pools + ".new/a.json") << "new";
    fs::create_symlink(pools + ".new", pools);
    CHECK(watched.noticed());
    watched.settle();
    watched.replace("333");
    CHECK(watched.noticed());
}

TEST_CASE("nothing is told when there is nothing to watch any more [edge]", "[edge]") {
    Watched watched({5ms, 10ms});
    watched.begin();
    watched.watcher.watch({});
    CHECK(watched.noticed());
    watched.write("22");
    watched.settle();
    const auto before = watched.changes;
    watched.write("333");
    watched.io.run_for(50ms);
    CHECK(watched.changes == before);
}
