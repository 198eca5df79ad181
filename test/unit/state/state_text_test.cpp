#include "src/state/state_text.hpp"

#include "test/unit/state/states.hpp"

#include <boost/crc.hpp>
#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <random>
#include <string>

using namespace vipd;
using namespace vipd::test;

namespace {

// A whole frame around any content, as a program gone mad could write it.
std::string framed(const std::string& kind, const std::string& content) {
    boost::crc_32_type crc;
    crc.process_bytes(content.data(), content.size());
    return fmt::format(R"({{"kind":"{}","version":1,"bytes":{},"crc32":"{:08x}"}})", kind,
                       content.size(), crc.checksum()) +
           "\n" + content + "\n";
}

}  // namespace

TEST_CASE("a state reads back as it was written") {
    const auto read = read_state(to_text(full_state()));
    REQUIRE(read.has_value());
    CHECK(*read == full_state());
    CHECK(*read_state(to_text(State{})) == State{});
}

TEST_CASE("an accepted configuration reads back as it was written") {
    CHECK(*read_accepted_config(to_text(accepted_config())) == accepted_config());
}

TEST_CASE("a state file cut at any byte is damaged and never a smaller state") {
    const auto text = to_text(full_state());
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto read = read_state(text.substr(0, length));
        CAPTURE(length);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().reason.code == "state-damaged");
    }
}

TEST_CASE("a state file with any bit turned over is damaged or newer") {
    const auto text = to_text(full_state());
    const auto body = text.find('\n');
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 0x01);
        const auto read = read_state(changed);
        CAPTURE(at);
        if (at > body) {
            CHECK_FALSE(read.has_value());
        } else if (read) {
            CHECK(*read == full_state());  // a space in the header, say
        }
    }
}

TEST_CASE("a file longer than its header says is damaged") {
    CHECK_FALSE(read_state(to_text(full_state()) + "x").has_value());
    CHECK_FALSE(read_state(to_text(full_state()) + "\n").has_value());
}

TEST_CASE("a newer version is told apart from damage") {
    auto text = to_text(full_state());
    const std::string version = "\"version\":1";
    text.replace(text.find(version), version.size(), "\"version\":2");
    const auto read = read_state(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().reason.code == "state-newer");
    CHECK(read.error().reason.text == "it has version 2, and this vipd knows version 1");
}

TEST_CASE("a file of another kind is damaged") {
    for (const std::string text :
         {"", "\n", "hello\n", "{}\n{}\n", "[]\n\n", "{\"version\": 1}\n{}\n"}) {
        CAPTURE(text);
        const auto read = read_state(text);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().reason.code == "state-damaged");
    }
    CHECK_FALSE(read_state(to_text(accepted_config())).has_value());
    CHECK_FALSE(read_accepted_config(to_text(full_state())).has_value());
}

TEST_CASE("content of the wrong shape is damaged even with a right checksum") {
    CHECK(read_state(framed("vipd-state", "{}")).has_value());
    for (const auto* content :
         {"null", "[]", "{", R"({"running":1})", R"({"saved_at":-1})", R"({"saved_at":1e99})",
          R"({"announced":["x"]})", R"({"announced":{}})", R"({"owned_services":[{}]})",
          R"({"owned_services":[{"address":"192.0.2.1","port":65536}]})",
          R"({"owned_services":[{"fwmark":0}]})", R"({"owned_addresses":[{"interface":"lo"}]})",
          R"({"overrides":{"a":{"b":{"state":"off"}}}})", R"({"maintenance":7})",
          R"({"unclean_starts":["now"]})", R"({"services":{"a":{"b":{"ipv4":{"health":"ill"}}}}})",
          R"({"services":{"a":{"b":{"ipv4":{"monitors":[1]}}}}})", R"({"services":{"a":{"b":[]}}})",
          R"({"boot_id":7})"}) {
        CAPTURE(content);
        const auto read = read_state(framed("vipd-state", content));
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().reason.code == "state-damaged");
    }
    for (const auto* content : {"[]", R"({"texts":[]})", R"({"texts":{"a":1}})", R"({"file":1})"}) {
        CAPTURE(content);
        CHECK_FALSE(read_accepted_config(framed("vipd-accepted-config", content)).has_value());
    }
}

TEST_CASE("bytes that are no UTF-8 do not stop a save") {
    auto accepted = accepted_config();
    accepted.texts["/etc/vipd/latin1"] = "// caf\xe9\n{}";
    const auto read = read_accepted_config(to_text(accepted));
    REQUIRE(read.has_value());
    CHECK(read->texts.at("/etc/vipd/vipd.json") == accepted.texts.at("/etc/vipd/vipd.json"));
}

TEST_CASE("random damage never throws") {
    std::mt19937 random(4711);
    const auto text = to_text(full_state());
    for (int round = 0; round < 2000; ++round) {
        auto damaged = text;
        for (int i = 0; i < 4; ++i)
            damaged[random() % damaged.size()] = static_cast<char>(random() & 0xffU);
        const auto read = read_state(damaged);
        if (read) CHECK(*read == full_state());
    }
}
