#include "src/config/fraction.hpp"

#include <catch2/catch.hpp>

using vipd::Fraction;

TEST_CASE("a fraction is read exactly from its text") {
    CHECK(Fraction::parse("0.55")->ceil_of(100) == 55);
    CHECK(Fraction::parse("0.5")->ceil_of(5) == 3);
    CHECK(Fraction::parse("0.333333333")->ceil_of(3) == 1);
    CHECK(Fraction::parse("0.333333334")->ceil_of(3) == 2);
    CHECK(Fraction::parse("0")->ceil_of(7) == 0);
    CHECK(Fraction::parse("1.000")->ceil_of(7) == 7);
    CHECK(Fraction::parse("0.000000001")->ceil_of(1) == 1);
}

TEST_CASE("no count overflows a fraction") {
    CHECK(Fraction::parse("1")->ceil_of(10'000'000'000) == 10'000'000'000);
}

TEST_CASE("what is not a fraction of at most nine decimals gives nothing") {
    for (const auto* text : {"", ".5", "0.", "1.1", "2", "-0.5", "1e0", "0.5e1", "0.1234567891",
                             "00", "0,5", "0.5 ", "1.000000001"}) {
        CAPTURE(text);
        CHECK_FALSE(Fraction::parse(text));
    }
}

TEST_CASE("a fraction is written without needless digits") {
    CHECK(Fraction::parse("0.50")->to_string() == "0.5");
    CHECK(Fraction::parse("0.000000001")->to_string() == "0.000000001");
    CHECK(Fraction::parse("1.0")->to_string() == "1");
    CHECK(Fraction{}.to_string() == "0");
}
