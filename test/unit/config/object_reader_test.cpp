#include "src/config/object_reader.hpp"

#include <catch2/catch.hpp>

using vipd::is_name;
using vipd::nearest;

TEST_CASE("the nearest known word is suggested if it is near enough") {
    const std::vector<std::string> known{"hold_time", "port", "passive", "remote_as"};
    CHECK(nearest("hold_tme", known) == "hold_time");
    CHECK(nearest("holdtime", known) == "hold_time");
    CHECK(nearest("prot", known) == "port");
    CHECK(nearest("remote-as", known) == "remote_as");
    CHECK_FALSE(nearest("interval", known));
    CHECK_FALSE(nearest("x", known));
    CHECK_FALSE(nearest(std::string(100'000, 'a'), known));
    CHECK_FALSE(nearest("port", {}));
}

TEST_CASE("names fit into a path, a label and a command line") {
    for (const auto* name : {"a", "text-https_443", "cp1.example.org", "2001:db8::1", "10.0.0.1"}) {
        CAPTURE(name);
        CHECK(is_name(name));
    }
    for (const auto& name :
         std::vector<std::string>{"", "-a", ".", "a b", "a/b", "ä", "a\n", std::string(254, 'a')}) {
        CAPTURE(name);
        CHECK_FALSE(is_name(name));
    }
}
