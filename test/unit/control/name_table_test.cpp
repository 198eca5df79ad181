#include "src/control/name_table.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using namespace std::chrono_literals;
using Kind = FamilyAnswer::Kind;

namespace {

const HostNames both{{"a.example", {Family::ipv4, Family::ipv6}}};

Address address(const std::string& text) {
    return *Address::parse(text);
}

FamilyAnswer found(const std::vector<std::string>& texts, std::chrono::seconds ttl = 60s) {
    FamilyAnswer answer{Kind::addresses, {}, ttl, {}};
    for (const auto& text : texts)
        answer.addresses.push_back(address(text));
    return answer;
}

const FamilyAnswer none{Kind::none, {}, 0s, "no address"};
const FamilyAnswer failed{Kind::failed, {}, 0s, "timeout"};

/// One name, asked for in both families, on a clock of its own.
struct Table {
    Table() { names.use(both, now); }

    void say(const FamilyAnswer& ipv4, const FamilyAnswer& ipv6) {
        names.take_due(now);
        names.take(
            {"a.example", {{Family::ipv4, ipv4}, {Family::ipv6, ipv6}}},
            [](const Address& one) { return !one.is_unspecified(); }, now);
    }
    void accept() {
        if (names.fresh().contains("a.example")) names.accept("a.example", now);
    }
    const HostName& entry() const { return names.all().at("a.example"); }
    std::string in_use() const {
        std::string text;
        for (const auto& [family, one] : entry().addresses)
            text += (text.empty() ? "" : " ") + one.to_string();
        return text;
    }
    Clock::duration until_due() const { return *names.due("a.example") - now; }

    TimePoint now{1h};
    NameTable names{7};
};

}  // namespace

TEST_CASE("a name is asked for at once, in the families that are wanted, and once") {
    Table table;
    CHECK(table.names.take_due(table.now) ==
          std::vector<NameQuestion>{{"a.example", {Family::ipv4, Family::ipv6}}});
    CHECK(table.names.take_due(table.now + 1h).empty());
}

TEST_CASE("a name is asked for again when its shortest TTL is over") {
    Table table;
    table.say(found({"10.0.0.1"}, 300s), found({"2001:db8::1"}, 40s));
    table.accept();
    CHECK(table.until_due() >= 40s);
    CHECK(table.until_due() <= 43s);
    CHECK(table.names.take_due(table.now + 39s).empty());
    CHECK(table.names.take_due(table.now + 43s).size() == 1);
}

TEST_CASE("TTLs that are too short or too long are not followed") {
    Table table;
    table.say(found({"10.0.0.1"}, 0s), none);
    table.accept();
    CHECK(table.until_due() >= 5s);
    CHECK(table.until_due() < 6s);
    table.say(found({"10.0.0.1"}, 100000s), none);
    CHECK(table.until_due() >= 1h);
    CHECK(table.until_due() < 64min);
}

TEST_CASE("a name that fails is asked for again with longer and longer waits") {
    Table table;
    table.say(found({"10.0.0.1"}), found({"2001:db8::1"}));
    table.accept();
    std::vector<Clock::duration> waits;
    for (int i = 0; i < 8; ++i) {
        table.now += 60s;
        table.say(failed, failed);
        waits.push_back(table.until_due());
        CHECK(table.in_use() == "10.0.0.1 2001:db8::1");
    }
    const std::vector<Clock::duration> full{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
    for (std::size_t i = 0; i < full.size(); ++i) {
        CHECK(waits[i] <= full[i]);
        CHECK(waits[i] >= full[i] * 3 / 4);
    }
    CHECK(table.entry().problem == "timeout");
    CHECK(table.entry().good_at == TimePoint{1h});
    table.say(found({"10.0.0.1"}), found({"2001:db8::1"}));
    CHECK_FALSE(table.entry().problem);
    CHECK(table.until_due() >= 60s);
}

TEST_CASE("the address in use stays as long as it is among the answer, else the lowest is taken") {
    Table table;
    table.say(found({"10.0.0.9", "10.0.0.3", "10.0.0.5"}), none);
    table.accept();
    CHECK(table.in_use() == "10.0.0.3");
    table.say(found({"10.0.0.1", "10.0.0.3"}), none);
    CHECK(table.names.fresh().empty());
    table.say(found({"10.0.0.9", "10.0.0.5"}), none);
    CHECK(table.names.fresh().size() == 1);
    CHECK(table.in_use() == "10.0.0.3");
    table.accept();
    CHECK(table.in_use() == "10.0.0.5");
}

TEST_CASE("no address of one family is an answer while there is one of the other") {
    Table table;
    table.say(found({"10.0.0.1"}), found({"2001:db8::1"}));
    table.accept();
    table.say(found({"10.0.0.1"}), none);
    table.accept();
    CHECK(table.in_use() == "10.0.0.1");
    CHECK_FALSE(table.entry().problem);
}

TEST_CASE("no address at all takes none away") {
    Table table;
    table.say(found({"10.0.0.1"}), found({"2001:db8::1"}));
    table.accept();
    table.say(none, none);
    CHECK(table.names.fresh().empty());
    CHECK(table.in_use() == "10.0.0.1 2001:db8::1");
    CHECK(table.entry().problem == "no address");
}

TEST_CASE("a family that cannot be asked keeps its address while the other changes") {
    Table table;
    table.say(found({"10.0.0.1"}), found({"2001:db8::1"}));
    table.accept();
    table.say(found({"10.0.0.2"}), failed);
    table.accept();
    CHECK(table.in_use() == "10.0.0.2 2001:db8::1");
    CHECK(table.entry().problem == "ipv6: timeout");
    CHECK(table.until_due() <= 1s);
}

TEST_CASE("addresses that no server can have do not count") {
    Table table;
    table.say(found({"0.0.0.0", "10.0.0.1"}), none);
    table.accept();
    CHECK(table.in_use() == "10.0.0.1");
    table.say(found({"0.0.0.0"}), none);
    CHECK(table.in_use() == "10.0.0.1");
    CHECK(table.entry().problem == "0.0.0.0, which no server can have");
}

TEST_CASE("an answer that is refused is a problem, and proposed again on demand") {
    Table table;
    table.say(found({"10.0.0.1"}), none);
    table.accept();
    table.say(found({"10.0.0.2"}), none);
    table.names.refuse("a.example", "too much", table.now);
    CHECK(table.names.fresh().empty());
    CHECK(table.entry().problem == "too much");
    CHECK(table.until_due() <= 1s);
    table.names.propose_again();
    table.accept();
    CHECK(table.in_use() == "10.0.0.2");
    CHECK_FALSE(table.entry().problem);
}

TEST_CASE("names that only somebody about to reload wanted are forgotten after an hour") {
    Table table;
    table.names.look_up({{"b.example", {Family::ipv4}}}, table.now);
    table.names.use(both, table.now);
    CHECK(table.names.all().contains("b.example"));
    table.names.use(both, table.now + 1h);
    CHECK_FALSE(table.names.all().contains("b.example"));
    CHECK(table.names.all().contains("a.example"));
    table.names.take(
        {"b.example", {{Family::ipv4, none}}}, [](const Address&) { return true; }, table.now);
    CHECK_FALSE(table.names.all().contains("b.example"));
}

TEST_CASE("a name is settled when it has an address, or an answer that there is none") {
    Table table;
    CHECK_FALSE(table.names.is_settled("a.example"));
    table.say(found({"10.0.0.1"}), none);
    CHECK_FALSE(table.names.is_settled("a.example"));  // nobody has accepted it
    table.accept();
    CHECK(table.names.is_settled("a.example"));
    Table other;
    other.say(failed, none);
    CHECK(other.names.is_settled("a.example"));
    CHECK_FALSE(other.names.is_settled("unknown.example"));
    Table restored;
    restored.names.restore("a.example", {{Family::ipv4, address("10.0.0.1")}}, restored.now);
    CHECK(restored.names.is_settled("a.example"));
    CHECK(restored.names.take_due(restored.now).size() == 1);
}
