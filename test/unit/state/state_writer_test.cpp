#include "src/state/state_writer.hpp"

#include "test/unit/state/opened.hpp"
#include "test/unit/state/states.hpp"
#include "test/unit/state/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <future>
#include <optional>
#include <vector>

using namespace vipd;
using namespace vipd::test;

namespace {

State numbered(std::int64_t number) {
    State state;
    state.saved_at = wall(number);
    return state;
}

}  // namespace

TEST_CASE("the last of many saves is what is found", "[edge]") {
    const TemporaryFolder folder;
    std::size_t failures = 0;
    {
        StateWriter writer(opened(folder.path()),
                           [&failures](const auto& error) { failures += error ? 1U : 0U; });
        for (int i = 1; i <= 100; ++i)
            writer.save(numbered(i));
        writer.save(accepted_config());
    }
    CHECK(failures == 0);
    auto store = opened(folder.path());
    CHECK(store.load_state().value == numbered(100));
    CHECK(store.load_accepted_config().value == accepted_config());
}

TEST_CASE("a failed save is reported, and the writer ends all the same", "[edge]") {
    const TemporaryFolder folder;
    std::promise<StoreError> failed;
    bool told = false;
    {
        StateWriter writer(opened(folder.path() + "/state"), [&](const auto& error) {
            if (error && !told) failed.set_value(*error);
            told = true;
        });
        std::filesystem::remove_all(folder.path() + "/state");
        writer.save(numbered(1));
        CHECK(failed.get_future().get().reason.code == "state-write-failed");
    }
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/state"));
}
