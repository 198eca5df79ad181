#include "ipvs/diff.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

Lines difference(const Service& actual, const Service& wanted) {
    return texts(diff(vip, &actual, &wanted));
}

}  // namespace

TEST_CASE("a table that is right needs no write") {
    const auto service = pool({{"10.0.0.11:443", 10}, {"10.0.0.12:443", 0}});
    CHECK(diff(vip, &service, &service).empty());
    CHECK(diff(vip, nullptr, nullptr).empty());
}

TEST_CASE("a new service comes before its destinations") {
    const auto wanted = pool({{"10.0.0.11:443", 10}, {"10.0.0.12:443", 5}});
    CHECK(texts(diff(vip, nullptr, &wanted)) ==
          Lines{"add service tcp 203.0.113.10:443 scheduler wrr",
                "add destination 10.0.0.11:443 weight 10 to tcp 203.0.113.10:443",
                "add destination 10.0.0.12:443 weight 5 to tcp 203.0.113.10:443"});
}

TEST_CASE("removing a service is one write whatever it holds") {
    const auto actual = pool({{"10.0.0.11:443", 10}, {"10.0.0.12:443", 5}});
    CHECK(texts(diff(vip, &actual, nullptr)) == Lines{"remove service tcp 203.0.113.10:443"});
}

TEST_CASE("one changed weight is one write") {
    CHECK(difference(pool({{"10.0.0.11:443", 10}, {"10.0.0.12:443", 5}}),
                     pool({{"10.0.0.11:443", 10}, {"10.0.0.12:443", 6}})) ==
          Lines{"edit destination 10.0.0.12:443 weight 6 of tcp 203.0.113.10:443"});
}

TEST_CASE(
    "adds come before edits, edits that take a server out after those that do not, deletes last") {
    auto actual = pool(
        {{"10.0.0.11:443", 1}, {"10.0.0.12:443", 0}, {"10.0.0.13:443", 1}, {"10.0.0.14:443", 1}});
    auto wanted = pool(
        {{"10.0.0.11:443", 0}, {"10.0.0.12:443", 1}, {"10.0.0.13:443", 1}, {"10.0.0.15:443", 1}});
    wanted.options.scheduler = "mh";
    CHECK(difference(actual, wanted) ==
          Lines{"add destination 10.0.0.15:443 weight 1 to tcp 203.0.113.10:443",
                "edit service tcp 203.0.113.10:443 scheduler mh",
                "edit destination 10.0.0.12:443 weight 1 of tcp 203.0.113.10:443",
                "edit destination 10.0.0.11:443 weight 0 of tcp 203.0.113.10:443",
                "remove destination 10.0.0.14:443 from tcp 203.0.113.10:443"});
}

TEST_CASE("every attribute of a destination counts as a difference") {
    const auto actual = pool({{"10.0.0.11:443", 1}});
    const auto differs = [&](auto change) {
        auto wanted = actual;
        change(wanted.destinations.begin()->second);
        return diff(vip, &actual, &wanted).size() == 1;
    };
    CHECK(differs([](Destination& d) { d.forwarding = Forwarding::dr; }));
    CHECK(differs([](Destination& d) { d.tunnel.type = TunnelType::gre; }));
    CHECK(differs([](Destination& d) { d.tunnel.port = 6080; }));
    CHECK(differs([](Destination& d) { d.tunnel.checksum = TunnelChecksum::full; }));
    CHECK(differs([](Destination& d) { d.upper_threshold = 100; }));
    CHECK(differs([](Destination& d) { d.lower_threshold = 50; }));
}

TEST_CASE("services that are not named are left alone") {
    const auto other = tcp("203.0.113.99:80");
    const Table actual{{vip, pool({{"10.0.0.11:443", 1}})}, {other, pool({{"10.0.0.99:80", 1}})}};
    const WantedServices wanted{{vip, std::nullopt}};
    CHECK(texts(diff(actual, wanted)) == Lines{"remove service tcp 203.0.113.10:443"});
}

TEST_CASE("over several services all adds come before all deletes") {
    const auto second = tcp("203.0.113.11:443");
    const Table actual{{vip, pool({{"10.0.0.11:443", 1}})}};
    const WantedServices wanted{{vip, pool({})}, {second, pool({{"10.0.0.11:443", 1}})}};
    CHECK(texts(diff(actual, wanted)) ==
          Lines{"add service tcp 203.0.113.11:443 scheduler wrr",
                "add destination 10.0.0.11:443 weight 1 to tcp 203.0.113.11:443",
                "remove destination 10.0.0.11:443 from tcp 203.0.113.10:443"});
}
