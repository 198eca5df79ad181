#include "monitors/exchange.hpp"

#include "test/unit/monitors/findings.hpp"

#include <catch2/catch.hpp>

using namespace vipd::monitors;

TEST_CASE("redis is asked and must answer") {
    const auto redis = redis_preset();
    ExchangeDialogue dialogue(redis);
    CHECK(said(dialogue.begin()) == "more");
    CHECK(dialogue.take_output() == "PING\r\n");
    CHECK(dialogue.take_output().empty());
    CHECK(said(dialogue.receive("+PO")) == "more");
    CHECK(said(dialogue.receive("NG\r\n")) == "+ok: answered as expected");
}

TEST_CASE("a wrong answer is refused at the first byte that differs") {
    const auto redis = redis_preset();
    ExchangeDialogue dialogue(redis);
    CHECK(said(dialogue.begin()) == "more");
    CHECK(said(dialogue.receive("-LOADING")) ==
          R"(-unexpected-answer: got "-LOADING", accepted "+PONG\x0d\x0a")");
}

TEST_CASE("an SMTP server greets first, and is taken leave of") {
    const auto smtp = smtp_preset();
    ExchangeDialogue dialogue(smtp);
    CHECK(said(dialogue.begin()) == "more");
    CHECK(dialogue.take_output().empty());
    CHECK(said(dialogue.receive("220-mx.example.org\r\n")) == "more");
    CHECK(dialogue.take_output() == "QUIT\r\n");
    CHECK(said(dialogue.receive("220 ready\r\n")) == "more");
    CHECK(said(dialogue.receive("221 bye\r\n")) == "+ok: answered as expected");
}

TEST_CASE("a server that hangs up in between is told from one that says something else") {
    const auto smtp = smtp_preset();
    ExchangeDialogue dialogue(smtp);
    CHECK(said(dialogue.begin()) == "more");
    CHECK(said(dialogue.receive("22")) == "more");
    CHECK(said(dialogue.end()) == R"(-connection-closed: closed before "220", got "22")");
}

TEST_CASE("an answer may be looked for anywhere, within 64 kB") {
    const std::vector<Exchange> exchanges{
        {.expect = BytePattern::literal("needle"), .at_start = false}};
    ExchangeDialogue found(exchanges);
    CHECK(said(found.begin()) == "more");
    CHECK(said(found.receive("hay hay nee")) == "more");
    CHECK(said(found.receive("dle hay")) == "+ok: answered as expected");

    ExchangeDialogue endless(exchanges);
    CHECK(said(endless.begin()) == "more");
    std::optional<Finding> finding;
    int chunks = 0;
    while (!finding && ++chunks < 100)
        finding = endless.receive(std::string(1024, 'x'));
    CHECK(chunks == 64);
    CHECK(said(finding).starts_with("-unexpected-answer: got \"xxx"));
}
