#include "src/config/host_names.hpp"

#include "src/config/difference.hpp"
#include "src/config/read_config.hpp"
#include "src/config/shrink_guard.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using Names = std::vector<std::string>;

namespace {

Address address(const std::string& text) {
    return *Address::parse(text);
}

/// Servers a and c have host names, b is written as an address.
ConfigReading reading() {
    return read_config(R"({
        "version": 1,
        "names": { "servers": ["192.0.2.53:53"] },
        "vips": { "web": { "addresses": ["203.0.113.10", "2001:db8:f::10"] } },
        "services": { "http": { "vip": "web", "port": 80, "monitors": [], "servers": {
            "a": { "address": "A.Example." },
            "b": { "address": ["10.0.0.2", "2001:db8::2"] },
            "c": { "address": "c.example", "weight": 7 } } } }
    })",
                       "vipd.json", "lb1");
}

Names names_of(const std::map<std::string, ServerConfig>& servers) {
    Names names;
    for (const auto& [name, server] : servers)
        names.push_back(name);
    return names;
}

}  // namespace

TEST_CASE("a host name is letters, digits, '-' and '_' in labels, and no mistyped address") {
    for (const auto* name :
         {"a", "cp1", "a-b.example", "_x.example", "1a", "1.2.3.4.example", "x.y."}) {
        CAPTURE(name);
        CHECK(parse_host_name(name));
    }
    CHECK(parse_host_name("CP1.Example.ORG.") == "cp1.example.org");
    for (const auto& name :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
          std::string("-a"), std::string("a-.b"), std::string("a b"), std::string("a/b"),
          std::string("10.0.0.300"), std::string("10.1"), std::string("7"), std::string("a.7."),
          std::string(64, 'a'), "a." + std::string(64, 'b') + ".c", std::string("\xc3\xa4"),
          std::string("fe80::1%lo"), std::string("a\0b", 3)}) {
        CAPTURE(name);
        CHECK_FALSE(parse_host_name(name));
    }
    std::string longest;
    while (longest.size() < 252)
        longest += "a.";
    CHECK(parse_host_name(longest + "b"));
    CHECK_FALSE(parse_host_name(longest + "bb"));
}

TEST_CASE("a configuration with host names is right without knowing any of them") {
    const auto read = reading();
    REQUIRE(read.ok());
    CHECK(read.config.names.servers == std::vector{*Endpoint::parse("192.0.2.53:53")});
    const auto& servers = read.config.services.at("http").servers;
    CHECK(servers.at("a").host_name == "a.example");
    CHECK(servers.at("a").addresses.empty());
    CHECK(host_names(read.config) == HostNames{{"a.example", {Family::ipv4, Family::ipv6}},
                                               {"c.example", {Family::ipv4, Family::ipv6}}});
    CHECK(shrink_objections(read.config, read.config).empty());
}

TEST_CASE("servers get the addresses of their names, and those without are in no pool") {
    const auto written = reading().config;
    auto config = with_addresses(written, {{"a.example", {{Family::ipv4, address("10.0.0.1")}}}});
    CHECK(names_of(config.services.at("http").servers) == Names{"a", "b"});
    CHECK(names_of(config.services.at("http").unresolved) == Names{"c"});
    CHECK(config.services.at("http").servers.at("a").addresses == std::vector{address("10.0.0.1")});
    CHECK(host_names(config) == host_names(written));

    // Again, with others.
    config = with_addresses(
        config, {{"c.example",
                  {{Family::ipv4, address("10.0.0.3")}, {Family::ipv6, address("2001:db8::3")}}}});
    CHECK(names_of(config.services.at("http").servers) == Names{"b", "c"});
    CHECK(config.services.at("http").servers.at("c").weight == 7);
    CHECK(config.services.at("http").servers.at("c").addresses.size() == 2);
    CHECK(with_addresses(config, {}) == with_addresses(written, {}));
}

TEST_CASE("no server gets an address that is a VIP's or another server's") {
    const auto config = with_addresses(
        reading().config,
        {{"a.example",
          {{Family::ipv4, address("10.0.0.2")}, {Family::ipv6, address("2001:db8:f::10")}}},
         {"c.example", {{Family::ipv4, address("10.0.0.2")}}}});
    CHECK(names_of(config.services.at("http").servers) == Names{"b"});
}

TEST_CASE("names that lose their addresses are judged as servers that are removed") {
    const auto written = reading().config;
    const auto before =
        with_addresses(written, {{"a.example", {{Family::ipv4, address("10.0.0.1")}}},
                                 {"c.example", {{Family::ipv4, address("10.0.0.3")}}}});
    CHECK(shrink_objections(before, with_addresses(written, {})).size() == 1);
}

TEST_CASE("what resolving changes is told as a difference") {
    const auto lines = [](const Config& before, const Config& after) {
        Names texts;
        for (const auto& difference : differences(before, after))
            texts.push_back(difference.text);
        return texts;
    };
    const auto none = with_addresses(reading().config, {});
    const NameAddresses known{{"a.example", {{Family::ipv4, address("10.0.0.1")}}},
                              {"c.example", {{Family::ipv4, address("10.0.0.3")}}}};
    const auto all = with_addresses(reading().config, known);
    CHECK(lines(none, all) == Names{"server a: added", "server c: added"});
    auto moved = known;
    moved["a.example"][Family::ipv4] = address("10.0.0.9");
    CHECK(lines(all, with_addresses(all, moved)) ==
          Names{"server a: address 10.0.0.1 -> 10.0.0.9"});
    auto without = none;
    without.services.at("http").unresolved.erase("c");
    CHECK(lines(without, none) == Names{"server c: c.example is not resolved"});
    CHECK(lines(none, without) == Names{"server c: removed"});
}
