#include "monitors/http.hpp"

#include <catch2/catch.hpp>

using namespace vipd::monitors;

namespace {

std::string answer(const HttpCheck& check, std::string_view bytes) {
    const auto request = http_request(check);
    HttpDialogue dialogue(check, request);
    CHECK_FALSE(dialogue.begin());
    CHECK(dialogue.take_output() == request);
    CHECK(dialogue.take_output().empty());
    const auto finding = dialogue.receive(bytes);
    if (!finding) return "more";
    return (finding->success ? "+" : "-") + finding->reason.code + ": " + finding->reason.text;
}

}  // namespace

TEST_CASE("the request names the host, us, and that it will be the only one") {
    CHECK(
        http_request({.method = "HEAD", .host = "en.example.org:8080", .target = "/healthz?x=1"}) ==
        "HEAD /healthz?x=1 HTTP/1.1\r\nHost: en.example.org:8080\r\nUser-Agent: vipd/" VIPD_VERSION
        "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
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
