#include "src/config/shrink_guard.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace vipd;
using Lines = std::vector<std::string>;

namespace {

// Servers s0, s1, … with the given states, by letter: e(nabled), d(isabled), r (draining). Capital:
// IPv6 too.
ServiceConfig service(const std::string& states) {
    ServiceConfig made;
    for (std::size_t i = 0; i < states.size(); ++i) {
        const bool dual = states[i] < 'a';
        const auto state = static_cast<char>(states[i] | 0x20);
        ServerConfig server;
        server.addresses = {*Address::parse("10.0.0." + std::to_string(i + 1))};
        if (dual) server.addresses.push_back(*Address::parse("2001:db8::" + std::to_string(i + 1)));
        server.state = state == 'd'   ? Admin::disabled
                       : state == 'r' ? Admin::draining
                                      : Admin::enabled;
        made.servers.emplace("s" + std::to_string(i), server);
    }
    return made;
}

// One service for each word.
Config config(const std::vector<std::string>& words) {
    Config made;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!words[i].empty()) made.services.emplace("svc" + std::to_string(i), service(words[i]));
    }
    return made;
}

}  // namespace

TEST_CASE("a change that takes away too much is objected to") {
    struct Case {
        std::vector<std::string> before;
        std::vector<std::string> after;
        Lines objections;
    };
    for (const auto& [before, after, objections] : std::vector<Case>{
             // nothing, growth, small losses
             {{"eeee"}, {"eeee"}, {}},
             {{"eeee"}, {"eeeeee"}, {}},
             {{"ee"}, {"e"}, {}},
             {{"eeeeeeeeee"}, {"eeeeeee"}, {}},
             // more than 30 % of the servers; exactly 30 % is not more
             {{"eeeeeeeeee"}, {"eeeeee"}, {"4 of 10 servers would be removed, more than 30 %"}},
             {{"eeee"}, {"eee"}, {}},
             {{"eeee"}, {"ee"}, {"2 of 4 servers would be removed, more than 30 %"}},
             {{"eee"}, {"ee"}, {}},
             // counted over all services, each membership once
             {{"eeeeeee", "eee"}, {"eeeeeee", ""}, {}},
             {{"ee", "ee", "ee", "ee"},
              {"ee", "ee", "", ""},
              {"4 of 8 servers would be removed, more than 30 %",
               "2 of 4 services would be removed, more than 30 %"}},
             {{"e", "e", "e"}, {"e", "", ""}, {}},
             {{"eeeeeeeeee", "e", "e", "e"},
              {"eeeeeeeeee", "e", "", ""},
              {"2 of 4 services would be removed, more than 30 %"}},
             // the floor as it was: 2 of 4, 1 of 2
             {{"eeee"}, {"edde"}, {}},
             {{"eeee"},
              {"eddd"},
              {"service svc0 ipv4: 1 enabled servers would be left, below the floor of 2 (0.5 of "
               "4)"}},
             {{"eeee"},
              {"errr"},
              {"service svc0 ipv4: 1 enabled servers would be left, below the floor of 2 (0.5 of "
               "4)"}},
             {{"ee"},
              {"dd"},
              {"service svc0 ipv4: 0 enabled servers would be left, below the floor of 1 (0.5 of "
               "2)"}},
             // below the floor already: what does not make it worse is no reason to refuse
             {{"eddd"}, {"eddd"}, {}},
             {{"dddd"}, {"eddd"}, {}},
             {{"eddd"},
              {"dddd"},
              {"service svc0 ipv4: 0 enabled servers would be left, below the floor of 2 (0.5 of "
               "4)"}},
             // families by themselves
             {{"EEEE"},
              {"Eeee"},
              {"service svc0 ipv6: 1 enabled servers would be left, below the floor of 2 (0.5 of "
               "4)"}},
             {{"EEEE"},
              {"eeee"},
              {"service svc0 ipv6: the pool would be emptied (4 servers before)"}},
             {{"eeee"}, {"EEEE"}, {}},
         }) {
        CAPTURE(before, after);
        CHECK(shrink_objections(config(before), config(after)) == objections);
    }
}

TEST_CASE("an emptied pool is objected to") {
    auto after = config({"ee"});
    after.services.at("svc0").servers.clear();
    CHECK(shrink_objections(config({"ee"}), after) ==
          Lines{"service svc0 ipv4: the pool would be emptied (2 servers before)"});
}

TEST_CASE("the floor is the one that held before the change") {
    auto before = config({"eeee"});
    auto after = config({"eddd"});
    before.services.at("svc0").depool_threshold = *Fraction::parse("0.25");
    after.services.at("svc0").depool_threshold = *Fraction::parse("1");
    CHECK(shrink_objections(before, after).empty());
}

TEST_CASE("other servers under other names are a loss and a gain") {
    auto after = config({"eeee"});
    auto& servers = after.services.at("svc0").servers;
    for (const auto* name : {"s0", "s1"}) {
        auto node = servers.extract(name);
        node.key() = std::string("new-") + name;
        servers.insert(std::move(node));
    }
    CHECK(shrink_objections(config({"eeee"}), after) ==
          Lines{"2 of 4 servers would be removed, more than 30 %"});
}
