#include "monitors/dns.hpp"

#include "monitors/dns_message.hpp"
#include "test/unit/monitors/findings.hpp"

#include <catch2/catch.hpp>

using namespace std::string_literals;
using namespace vipd::monitors;

namespace {

constexpr std::uint16_t id = 0xabcd;

/// The query turned into a response with these flags (QR and so on), and records that are already
/// on the wire.
std::string response(const DnsCheck& check, unsigned flags, unsigned count = 0,
                     const std::string& records = "") {
    auto message = dns_query(check, id);
    message[2] = static_cast<char>(flags >> 8U);
    message[3] = static_cast<char>(flags & 0xffU);
    message[7] = static_cast<char>(count);
    return message + records;
}

/// Owner: a pointer to the question's name.
std::string a_record(const std::string& address) {
    return "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"s + address;
}

DnsCheck check_for(std::vector<std::string> answers) {
    DnsCheck check;
    check.name = "www.example.org";
    check.answers = std::move(answers);
    return check;
}

constexpr unsigned answered = 0x8180;

}  // namespace

TEST_CASE("a query asks one question of the Internet class") {
    auto check = check_for({});
    CHECK(dns_query(check, id) ==
          "\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
          "example\x03org\x00\x00\x01\x00\x01"s);
    check.recursion = false;
    check.type = *dns_type("AAAA");
    CHECK(dns_query(check, id).substr(2, 2) == "\0\0"s);
    CHECK(dns_query(check, id).substr(29, 2) == "\x00\x1c"s);
}

TEST_CASE("names of types, codes and hosts are known") {
    CHECK(dns_type("AAAA") == 28);
    CHECK(dns_type("TYPE65280") == 65280);
    CHECK_FALSE(dns_type("NONSENSE"));
    CHECK(dns_rcode("NXDOMAIN") == 3);
    CHECK_FALSE(dns_rcode("NONSENSE"));
    CHECK(is_dns_name("www.example.org"));
    CHECK_FALSE(is_dns_name("a..b"));
    CHECK_FALSE(is_dns_name(std::string(64, 'a') + ".org"));
}

TEST_CASE("an answer with an accepted code is a success") {
    const auto check = check_for({});
    CHECK(said(judge_dns(check, id, response(check, answered))) == "+ok: NOERROR");
    CHECK(said(judge_dns(check, id, response(check, 0x8182))) ==
          "-dns-rcode: got SERVFAIL, accepted NOERROR");
    auto lenient = check;
    lenient.rcodes = {0, 3};
    CHECK(said(judge_dns(lenient, id, response(check, 0x8183))) == "+ok: NXDOMAIN");
    CHECK(said(judge_dns(lenient, id, response(check, 0x8185))) ==
          "-dns-rcode: got REFUSED, accepted NOERROR, NXDOMAIN");
}

TEST_CASE("expected records must be in the answer") {
    const auto check = check_for({"192.0.2.1", "192.0.2.2"});
    const auto first = a_record("\xc0\x00\x02\x01"s);
    const auto second = a_record("\xc0\x00\x02\x02"s);
    CHECK(said(judge_dns(check, id, response(check, answered, 2, second + first))) ==
          "+ok: NOERROR");
    CHECK(said(judge_dns(check, id, response(check, answered, 1, first))) ==
          R"(-dns-answer: got "192.0.2.1", accepted those with "192.0.2.2")");
    CHECK(said(judge_dns(check, id, response(check, answered))) ==
          R"(-dns-answer: got none, accepted those with "192.0.2.1")");
    CHECK(said(judge_dns(check, id, response(check, answered | 0x200U, 1, first))) ==
          R"(-dns-truncated: the answer does not fit into UDP and lacks "192.0.2.2")");
}

TEST_CASE("what does not answer our question is passed over") {
    const auto check = check_for({});
    auto other_id = response(check, answered);
    other_id[1] = 'x';
    CHECK_FALSE(judge_dns(check, id, other_id));
    CHECK_FALSE(judge_dns(check, id, dns_query(check, id)));  // a query
    DnsCheck other_name = check;
    other_name.name = "www.example.net";
    CHECK_FALSE(judge_dns(check, id, response(other_name, answered)));
    DnsCheck other_type = check;
    other_type.type = 28;
    CHECK_FALSE(judge_dns(check, id, response(other_type, answered)));
    CHECK_FALSE(judge_dns(check, id, ""));
}

TEST_CASE("a name is compared without regard to case") {
    const auto check = check_for({});
    DnsCheck shouting = check;
    shouting.name = "WWW.Example.ORG";
    CHECK(said(judge_dns(check, id, response(shouting, answered))) == "+ok: NOERROR");
}

TEST_CASE("broken messages are refused and loops end") {
    const auto check = check_for({});
    const auto whole = response(check, answered, 1, a_record("\xc0\x00\x02\x01"s));
    for (std::size_t length = 2; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK(said(judge_dns(check, id, whole.substr(0, length)))
                  .starts_with("-dns-invalid: got a message that cannot be read"));
    }
    const auto loop =
        "\xab\xcd\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"s;  // a name that
                                                                                      // is itself
    CHECK(said(judge_dns(check, id, loop))
              .starts_with("-dns-invalid: got a message that cannot be read"));
}

TEST_CASE("over TCP messages are framed by their length") {
    const auto check = check_for({});
    DnsTcpDialogue dialogue(check, id);
    CHECK_FALSE(dialogue.begin());
    CHECK(dialogue.take_output() == "\x00\x21"s + dns_query(check, id));
    CHECK(dialogue.take_output().empty());
    const auto message = response(check, answered);
    CHECK(said(dialogue.receive("\x00"s)) == "more");
    CHECK(said(dialogue.receive("\x21"s + message.substr(0, 10))) == "more");
    CHECK(said(dialogue.receive(message.substr(10))) == "+ok: NOERROR");
}

TEST_CASE("over TCP another message is an error, and so is an early end") {
    const auto check = check_for({});
    DnsTcpDialogue wrong(check, id);
    CHECK(said(wrong.receive("\x00\x02zz"s)) ==
          "-dns-invalid: got a message that does not answer our question");
    DnsTcpDialogue cut(check, id);
    CHECK(said(cut.receive("\x00"s)) == "more");
    CHECK(said(cut.end()) == "-connection-closed: closed after 1 bytes of the answer");
}
