#include "src/state/state.hpp"

#include "test/unit/state/states.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;

TEST_CASE("states are equal by content, shared parts too") {
    CHECK(full_state() == full_state());
    auto other = full_state();
    auto service = *other.services.at("text-https");
    service.begin()->second.went_down.reset();
    other.services["text-https"] = std::make_shared<const SavedService>(service);
    CHECK_FALSE(full_state() == other);
}

TEST_CASE("a start after a clean stop is not noted") {
    State previous;
    const auto state = started(previous, wall(1000));
    CHECK(state.running);
    CHECK(recent_unclean_starts(state, wall(1000)) == 0);
}

TEST_CASE("starts without a stop are counted within the window") {
    State state;
    auto now = wall(0);
    for (int i = 0; i < 4; ++i) {
        state = started(state, now);
        now += 60s;
    }
    // The first start was clean: nothing had run before.
    CHECK(recent_unclean_starts(state, now) == 3);
    CHECK(recent_unclean_starts(state, now + 4min) == 1);
    state = started(state, now + 1h);
    CHECK(state.unclean_starts.size() == 1);
}

TEST_CASE("a clock that was set back does not keep old starts for ever") {
    State previous;
    previous.running = true;
    previous.unclean_starts = {wall(1'000'000), wall(2'000'000)};
    CHECK(started(previous, wall(500'000)).unclean_starts.size() == 1);
}

TEST_CASE("health is of use for three intervals, at least 30 s, and only within one boot") {
    State state;
    state.boot_id = "a";
    state.saved_at = wall(0);
    CHECK(health_is_fresh(state, "a", wall(30'000), 1s));
    CHECK_FALSE(health_is_fresh(state, "a", wall(30'001), 1s));
    CHECK(health_is_fresh(state, "a", wall(60'000), 20s));
    CHECK_FALSE(health_is_fresh(state, "a", wall(60'001), 20s));
    CHECK_FALSE(health_is_fresh(state, "b", wall(1), 1s));
    CHECK_FALSE(health_is_fresh(state, "a", wall(-1), 1s));
    state.boot_id.clear();
    CHECK_FALSE(health_is_fresh(state, "", wall(1), 1s));
}

TEST_CASE("the last accepted configuration gives the last good lists") {
    auto accepted = accepted_config();
    CHECK(last_lists(accepted) == FileTexts{{"/etc/vipd/g.json", R"({"10.0.0.1": {}})"}});
    accepted.texts.erase("/etc/vipd/g.json");
    CHECK(last_lists(accepted).empty());
    CHECK(last_lists(AcceptedConfig{}).empty());
}
