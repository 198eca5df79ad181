// The resolver against BIND.

#include "src/control/resolver.hpp"

#include "test/unit/monitors/real_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::monitors::test;
using namespace std::chrono_literals;
using Kind = FamilyAnswer::Kind;

namespace {

const std::set<Family> ipv4{Family::ipv4};
const std::set<Family> both{Family::ipv4, Family::ipv6};

/// A resolver on this thread.
struct Asking {
    explicit Asking(const Endpoint& server) { resolver.use_servers({server}); }

    /// Until so many answers have come, or five seconds are over.
    void wait_for(std::size_t number) {
        const auto until = Clock::now() + 5s;
        while (answers.size() < number && Clock::now() < until)
            io.run_one_for(100ms);
    }
    std::map<Family, FamilyAnswer> ask(const std::string& name,
                                       const std::set<Family>& families = both) {
        const auto before = answers.size();
        resolver.ask({{name, families}});
        wait_for(before + 1);
        REQUIRE(answers.size() == before + 1);
        CHECK(answers.back().name == name);
        return answers.back().families;
    }

    boost::asio::io_context io{1};
    std::vector<NameAnswer> answers;
    Resolver resolver{io.get_executor(),
                      [this](NameAnswer answer) { answers.push_back(std::move(answer)); }};
};

/// Takes questions and says nothing.
struct Silent {
    Endpoint endpoint() const {
        return {*Address::parse("127.0.0.1"), socket.local_endpoint().port()};
    }

    boost::asio::io_context io;
    boost::asio::ip::udp::socket socket{io, {boost::asio::ip::address_v4::loopback(), 0}};
};

/// BIND with the zone example.test; it asks a server that says nothing for what is in slow.test.
struct Bind {
    Bind() {
        std::string zone =
            "$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 192.0.2.53\n"
            "www A 192.0.2.1\nwww A 192.0.2.2\nwww AAAA 2001:db8::1\n"
            "one 40 CNAME two\ntwo 50 CNAME v4\nv4 A 192.0.2.4\ntext TXT \"no address\"\n"
            "loop CNAME pool\npool CNAME loop\naway CNAME none.slow.\n";
        for (int i = 0; i < 90; ++i)
            zone += "many A 192.0.2." + std::to_string(i) + "\n";
        folder.write("zone", zone);
        folder.write("root",
                     "$TTL 60\n@ SOA ns. hostmaster. 1 60 60 60 60\n@ NS ns.example.test.\n"
                     "slow.test NS ns.example.test.\nexample.test NS ns.example.test.\n"
                     "ns.example.test A 192.0.2.53\n");
        const auto port = std::to_string(endpoint.port);
        folder.write(
            "named.conf",
            "options { directory \"" + folder.path() + "\"; listen-on port " + port +
                " { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile "
                "none; recursion yes; allow-recursion { 127.0.0.1; }; dnssec-validation no; "
                "};\ncontrols {};\n"
                "zone \"example.test\" { type primary; file \"zone\"; };\n"
                "zone \".\" { type primary; file \"root\"; };\n"
                "zone \"slow.test\" { type forward; forward only; forwarders { 127.0.0.1 "
                "port " +
                std::to_string(silent.endpoint().port) + "; }; };\n");
        named =
            std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/named", "-f", "-n", "1",
                                                               "-c", folder / "named.conf"},
                                      folder / "log");
        wait_until_listening(endpoint);
    }

    TemporaryFolder folder;
    Silent silent;
    Endpoint endpoint = free_endpoint();
    std::unique_ptr<Process> named;
};

}  // namespace

TEST_CASE("names are resolved by BIND", "[real]") {
    const Bind bind;
    Asking asking(bind.endpoint);

    auto www = asking.ask("www.example.test");
    CHECK(www[Family::ipv4].kind == Kind::addresses);
    CHECK(www[Family::ipv4].addresses.size() == 2);
    CHECK(www[Family::ipv4].ttl == 60s);
    CHECK(www[Family::ipv6].addresses == std::vector{*Address::parse("2001:db8::1")});

    // CNAMEs are followed, and their TTLs count.
    auto one = asking.ask("one.example.test");
    CHECK(one[Family::ipv4].addresses == std::vector{*Address::parse("192.0.2.4")});
    CHECK(one[Family::ipv4].ttl == 40s);
    CHECK(one[Family::ipv6].kind == Kind::none);

    auto text = asking.ask("text.example.test", ipv4);
    CHECK(text.size() == 1);
    CHECK(text[Family::ipv4].kind == Kind::none);
    CHECK(text[Family::ipv4].text == "no address");
    auto none = asking.ask("none.example.test");
    CHECK(none[Family::ipv4].kind == Kind::none);
    CHECK(none[Family::ipv4].text == "no such name (NXDOMAIN)");
    CHECK(asking.ask("away.example.test", ipv4)[Family::ipv4].kind == Kind::none);
    CHECK(asking.ask("loop.example.test", ipv4)[Family::ipv4].kind != Kind::addresses);

    // Too long for UDP; and no more is looked at than makes sense.
    CHECK(asking.ask("many.example.test", ipv4)[Family::ipv4].addresses.size() == 64);

    // Names are asked for as they are written, the hosts file first.
    CHECK(asking.ask("www", ipv4)[Family::ipv4].kind == Kind::none);
    CHECK(asking.ask("localhost", ipv4)[Family::ipv4].addresses ==
          std::vector{*Address::parse("127.0.0.1")});
}

TEST_CASE("a name that is slow holds up no other", "[real]") {
    const Bind bind;
    Asking asking(bind.endpoint);
    std::vector<NameQuestion> questions{{"a.slow.test", both}};
    for (int i = 0; i < 200; ++i)
        questions.push_back({"n" + std::to_string(i) + ".example.test", ipv4});
    asking.resolver.ask(questions);
    asking.wait_for(200);
    CHECK(asking.answers.size() == 200);
    CHECK(std::ranges::none_of(
        asking.answers, [](const NameAnswer& answer) { return answer.name == "a.slow.test"; }));
    // Whom to ask may change while something is under way: that has failed then.
    asking.resolver.use_servers({*Endpoint::parse("127.0.0.1:1")});
    asking.wait_for(201);
    REQUIRE(asking.answers.size() == 201);
    CHECK(asking.answers.back().families[Family::ipv4].kind == Kind::failed);
}

TEST_CASE("a resolver that is not there is an answer that failed") {
    Asking asking(free_endpoint());
    auto answer = asking.ask("www.example.test");
    CHECK(answer[Family::ipv4].kind == Kind::failed);
    CHECK(answer[Family::ipv6].kind == Kind::failed);
    CHECK(answer[Family::ipv4].text == "no DNS server answers, or all refuse or fail (SERVFAIL)");
}

TEST_CASE("a resolver that is destroyed answers nothing more") {
    const Silent silent;
    Asking asking(silent.endpoint());
    asking.resolver.ask({{"www.example.test", both}, {"b.example.test", both}});
    asking.io.run_one_for(100ms);
    asking.io.run_one_for(100ms);
    CHECK(asking.answers.empty());
}
