#include "src/policy/fitness.hpp"

#include <catch2/catch.hpp>

using namespace vipd;

TEST_CASE("deciding fitness again with nothing new changes nothing") {
    // Becoming fit must never be easier than staying fit, or a service would flap for ever.
    for (const auto* share : {"0", "0.3", "0.5", "1"}) {
        for (const unsigned min_up : {0U, 1U, 3U}) {
            const FitnessRules rules{min_up, Fraction::parse(share).value()};
            for (std::size_t up = 0; up <= 6; ++up) {
                for (std::size_t floor = 0; floor <= 6; ++floor) {
                    for (std::size_t in_kernel = 0; in_kernel <= up; ++in_kernel) {
                        FitnessInput input;
                        input.up = up;
                        input.enabled = 6;
                        input.floor = floor;
                        input.programmed = true;
                        input.up_programmed = in_kernel;
                        CAPTURE(share, min_up, up, floor, in_kernel);
                        input.was_fit = decide_fitness(input, rules).fit;
                        CHECK(decide_fitness(input, rules).fit == input.was_fit);
                    }
                }
            }
        }
    }
}

TEST_CASE("a refused service is unfit and says what the kernel said") {
    FitnessInput input;
    input.up = input.enabled = 2;
    input.floor = 1;
    input.refused = "no such scheduler";
    const auto decided = decide_fitness(input, {});
    CHECK_FALSE(decided.fit);
    CHECK(decided.reason.code == "not-programmed");
    CHECK(decided.reason.text == "the kernel refused the service: no such scheduler");
}
