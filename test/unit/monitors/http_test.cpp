#include "monitors/http.hpp"

#include "test/unit/monitors/findings.hpp"

#include <catch2/catch.hpp>

using namespace vipd::monitors;

namespace {

std::string answer(const HttpCheck& check, std::string_view bytes) {
    const HttpRules rules(check);
    HttpDialogue dialogue(rules, 0);
    CHECK_FALSE(dialogue.begin());
    CHECK(dialogue.take_output() == rules.requests()[0]);
    CHECK(dialogue.take_output().empty());
    return said(dialogue.receive(bytes));
}

std::string response(std::string_view fields, std::string_view body) {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

HttpCheck wanting(TextRule rule) {
    HttpCheck check;
    check.host = "h";
    check.body.push_back(std::move(rule));
    return check;
}

HttpCheck wanting_field(std::string name, std::optional<TextRule> rule) {
    HttpCheck check;
    check.host = "h";
    check.fields.push_back({.name = std::move(name), .value = std::move(rule)});
    return check;
}

}  // namespace

TEST_CASE("the request names the host, us, and that it will be the only one") {
    const HttpCheck check{.method = "HEAD"};
    CHECK(
        http_request(check, {.host = "en.example.org:8080", .target = "/healthz?x=1"}) ==
        "HEAD /healthz?x=1 HTTP/1.1\r\nHost: en.example.org:8080\r\nUser-Agent: vipd/" VIPD_VERSION
        "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a connection is only left open where that is asked for and the server agrees") {
    HttpCheck check{.host = "h", .reuse = true};
    CHECK_FALSE(http_request(check, {.host = "h", .target = "/"}).ends_with("close\r\n\r\n"));
    const auto open_after = [&check](std::string_view bytes) {
        const HttpRules rules(check);
        HttpDialogue dialogue(rules, 0);
        dialogue.receive(bytes);
        return dialogue.leaves_stream_open();
    };
    CHECK(open_after(response("", "ok")));
    CHECK(open_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    CHECK(open_after("HTTP/1.1 100 Continue\r\n\r\n" + response("Connection: x\r\n", "ok")));
    CHECK_FALSE(open_after(response("connection: x, Close\r\n", "ok")));
    CHECK_FALSE(open_after(response("", "ok") + "?"));
    CHECK_FALSE(open_after("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    CHECK_FALSE(open_after("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"));
    CHECK_FALSE(open_after("HTTP/1.1 200 OK\r\n\r\nto the end"));
    check.reuse = false;
    CHECK_FALSE(open_after(response("", "ok")));
}

TEST_CASE("request headers are added, and replace ours") {
    HttpCheck check;
    check.headers = {{"X-Probe", "1"}, {"host", "other"}, {"USER-AGENT", "me"}};
    CHECK(http_request(check, {.host = "h", .target = "/"}) ==
          "GET / HTTP/1.1\r\nAccept: */*\r\nX-Probe: 1\r\nhost: other\r\nUSER-AGENT: "
          "me\r\nConnection: close\r\n\r\n");
}

TEST_CASE("an accepted status is a success once the body is whole") {
    const HttpCheck check{.host = "h"};
    CHECK(answer(check, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no") == "more");
    CHECK(answer(check, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == "+ok: status 200");
}

TEST_CASE("another status says what was found and what is accepted") {
    CHECK(answer({.host = "h"}, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n") ==
          "-http-status: got 503, accepted 200");
    CHECK(answer({.host = "h", .status = {{200, 204}, {301, 301}}},
                 "HTTP/1.1 205 x\r\nContent-Length: 0\r\n\r\n") ==
          "-http-status: got 205, accepted 200-204, 301");
}

TEST_CASE("the ends of a status range are accepted") {
    const HttpCheck check{.host = "h", .status = {{200, 204}}};
    CHECK(answer(check, "HTTP/1.1 204 No Content\r\n\r\n") == "+ok: status 204");
    CHECK(answer(check, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == "+ok: status 200");
}

TEST_CASE("a redirect is asserted and not followed") {
    const HttpCheck check{.host = "h", .status = {{301, 301}}};
    CHECK(answer(check, "HTTP/1.1 301 Moved\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n") ==
          "+ok: status 301");
}

TEST_CASE("a body must contain what is asked for") {
    const auto check = wanting({.kind = TextRule::Kind::contains, .text = "all good"});
    CHECK(answer(check, response("", "it is all good here")) == "+ok: status 200");
    CHECK(answer(check, response("", "it is bad")) ==
          R"(-http-body: got 9 bytes "it is bad", accepted one that contains "all good")");
}

TEST_CASE("a negated rule refuses a body") {
    const auto check =
        wanting({.kind = TextRule::Kind::regex, .text = "err(or)?", .negated = true});
    CHECK(answer(check, response("", "fine")) == "+ok: status 200");
    CHECK(answer(check, response("", "an error")) ==
          R"(-http-body: got 8 bytes "an error", accepted one that does not match /err(or)?/)");
}

TEST_CASE("a body may be known by its digest") {
    const auto check =
        wanting({.kind = TextRule::Kind::sha256,
                 .text = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"});
    CHECK(answer(check, response("", "hello")) == "+ok: status 200");
    CHECK(answer(check, response("", "hell0")).starts_with("-http-body: got 5 bytes \"hell0\""));
}

TEST_CASE("a response field must be there with the value asked for") {
    const auto check = wanting_field("X-State", TextRule{.text = "ready"});
    CHECK(answer(check, response("x-state: ready now\r\n", "")) == "+ok: status 200");
    CHECK(answer(check, response("X-State: busy\r\nX-State: ready\r\n", "")) == "+ok: status 200");
    CHECK(answer(check, response("X-State: busy\r\n", "")) ==
          R"(-http-field: got X-State "busy", accepted one that contains "ready")");
    CHECK(answer(check, response("", "")) ==
          R"(-http-field: got X-State none, accepted one that contains "ready")");
    CHECK(answer(wanting_field("ETag", std::nullopt), response("Etag: x\r\n", "")) ==
          "+ok: status 200");
    CHECK(answer(wanting_field("ETag", std::nullopt), response("", "")) ==
          "-http-field: got ETag none, accepted any");
}

TEST_CASE("a negated rule refuses a response field, and accepts its absence") {
    const auto check = wanting_field("Via", TextRule{.text = "old", .negated = true});
    CHECK(answer(check, response("", "")) == "+ok: status 200");
    CHECK(answer(check, response("Via: new\r\n", "")) == "+ok: status 200");
    CHECK(answer(check, response("Via: new\r\nVia: old\r\n", "")) ==
          R"(-http-field: got Via "old", accepted one that does not contain "old")");
}

TEST_CASE("the bound on the body is the check's") {
    HttpCheck check{.host = "h"};
    check.max_body = 4;
    CHECK(answer(check, response("", "1234")) == "+ok: status 200");
    CHECK(answer(check, response("", "12345")) ==
          "-http-too-large: more than 4 bytes of body announced");
}

TEST_CASE("several URLs make as many requests, and all of them count unless said otherwise") {
    HttpCheck check{.host = "h"};
    check.also = {{.host = "h", .target = "/b"}, {.host = "i", .target = "/"}};
    const HttpRules rules(check);
    REQUIRE(rules.requests().size() == 3);
    CHECK(rules.requests()[1].starts_with("GET /b HTTP/1.1\r\nHost: h\r\n"));
    CHECK(rules.names() == std::vector<std::string>{"h/", "h/b", "i/"});
    CHECK(rules.required() == 3);
    check.required = 2;
    CHECK(HttpRules(check).required() == 2);
}
