#include "monitors/http_response.hpp"

#include <catch2/catch.hpp>

using namespace std::string_literals;
using vipd::monitors::HttpResponse;
using Progress = HttpResponse::Progress;

namespace {

Progress progress(const HttpResponse::Result& result) {
    REQUIRE(result.has_value());
    return *result;
}

HttpResponse keeping() {
    return HttpResponse({.keep_fields = true, .keep_body = true});
}

/// Whole, then once for each way of cutting it in two, then byte by byte: the outcome must be the
/// same.
void for_every_cut(const std::string& bytes,
                   const std::function<void(HttpResponse&, HttpResponse::Result)>& check) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        auto response = keeping();
        auto result = response.receive(std::string_view(bytes).substr(0, cut));
        if (result) result = response.receive(std::string_view(bytes).substr(cut));
        check(response, result);
    }
    auto response = keeping();
    HttpResponse::Result result = Progress::more;
    for (const char& byte : bytes) {
        result = response.receive({&byte, 1});
        if (!result) break;
    }
    check(response, result);
}

void is_refused(const std::string& bytes, const std::string& code, const std::string& text) {
    for_every_cut(bytes, [&](HttpResponse&, const HttpResponse::Result& result) {
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == code);
        CHECK(result.error().text == text);
    });
}

void is_read(const std::string& bytes, std::uint16_t status, const std::string& body) {
    for_every_cut(bytes, [&](HttpResponse& response, const HttpResponse::Result& result) {
        REQUIRE(result.has_value());
        CHECK((progress(result) == Progress::done));
        CHECK(response.status() == status);
        CHECK(response.body() == body);
    });
}

}  // namespace

TEST_CASE("a response with a content-length is read to its framed end") {
    is_read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello");
    is_read("HTTP/1.1 503 \r\ncontent-length:0\r\n\r\n", 503, "");
    is_read("HTTP/1.0 404\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nno", 404, "no");
}

TEST_CASE("bare line feeds end lines too") {
    is_read("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok");
}

TEST_CASE("a chunked response is decoded") {
    is_read(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n, "
        "world!!!\r\n0\r\nT: 1\r\n\r\n",
        200, "hello, world!!!");
}

TEST_CASE("interim responses are passed over") {
    is_read(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No "
        "Content\r\n\r\n",
        204, "");
}

TEST_CASE("a response without framing ends with the stream") {
    auto response = keeping();
    CHECK((progress(response.receive("HTTP/1.0 200 OK\r\n\r\nhel")) == Progress::more));
    CHECK((progress(response.receive("lo")) == Progress::more));
    CHECK((progress(response.end()) == Progress::done));
    CHECK(response.body() == "hello");
}

TEST_CASE("the answer to HEAD has no body whatever its fields say") {
    HttpResponse response({.head_request = true});
    const auto result = response.receive("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    CHECK((progress(result) == Progress::done));
}

TEST_CASE("fields are kept when asked for") {
    auto response = keeping();
    const auto result =
        response.receive("HTTP/1.1 200 OK\r\nX-Name:  a b \r\nEmpty:\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(result.has_value());
    REQUIRE(response.fields().size() == 3);
    CHECK(response.fields()[0] == std::pair("X-Name"s, "a b"s));
    CHECK(response.fields()[1] == std::pair("Empty"s, ""s));
}

TEST_CASE("what is not HTTP is refused with what was found") {
    is_refused("SSH-2.0-OpenSSH_9.2\r\n", "http-invalid",
               R"(got status line "SSH-2.0-OpenSSH_9.2")");
    is_refused("HTTP/2 200\r\n", "http-invalid", R"(got status line "HTTP/2 200")");
    is_refused("HTTP/1.1 99 Low\r\n", "http-invalid", R"(got status line "HTTP/1.1 99 Low")");
    is_refused("HTTP/1.1 600 High\r\n", "http-invalid", R"(got status line "HTTP/1.1 600 High")");
    is_refused("HTTP/1.1 2x0 OK\r\n", "http-invalid", R"(got status line "HTTP/1.1 2x0 OK")");
    is_refused("HTTP/1.1 2000 OK\r\n", "http-invalid", R"(got status line "HTTP/1.1 2000 OK")");
    is_refused("\r\n", "http-invalid", R"(got status line "")");
    is_refused("HTTP/1.1 101 Switching\r\n\r\n", "http-invalid",
               "got 101 without having asked for an upgrade");
}

TEST_CASE("ambiguous or broken framing is refused") {
    const auto head = "HTTP/1.1 200 OK\r\n"s;
    is_refused(head + "no colon\r\n", "http-invalid", R"(got header field "no colon")");
    is_refused(head + "A: b\r\n folded\r\n", "http-invalid", R"(got header field " folded")");
    is_refused(head + "Content-Length: -1\r\n", "http-invalid", R"(got content-length "-1")");
    is_refused(head + "Content-Length: 99999999999999999999\r\n", "http-invalid",
               R"(got content-length "99999999999999999999")");
    is_refused(head + "Content-Length: 1\r\nContent-Length: 2\r\n", "http-invalid",
               "got two different content-lengths");
    is_refused(head + "Transfer-Encoding: gzip, chunked\r\n", "http-invalid",
               R"(got transfer-encoding "gzip, chunked")");
    is_refused(head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "http-invalid",
               "got both transfer-encoding and content-length");
    const auto chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    is_refused(chunked + "xyz\r\n", "http-invalid", R"(got chunk size "xyz")");
    is_refused(chunked + "10000000000000000\r\n", "http-invalid",
               R"(got chunk size "10000000000000000")");
    is_refused(chunked + "2\r\nabc\r\n", "http-invalid", R"(got chunk longer than its size: "c")");
}

TEST_CASE("endless heads and bodies are cut off at their bounds") {
    const HttpResponse::Options small{
        .keep_fields = true, .keep_body = true, .limits = {.head = 64, .body = 16}};
    const auto feed = [&small](const std::string& opening, const std::string& rest) {
        HttpResponse response(small);
        auto result = response.receive(opening);
        std::size_t fed = 0;
        for (; result && fed < 100000; fed += rest.size())
            result = response.receive(rest);
        REQUIRE_FALSE(result.has_value());
        CHECK(fed < 200);
        return result.error().code + ": " + result.error().text;
    };
    CHECK(feed("HTTP/1.1 200 ", "x") == "http-too-large: more than 64 bytes of header fields");
    CHECK(feed("HTTP/1.1 200 OK\r\n", "A: b\r\n") ==
          "http-too-large: more than 64 bytes of header fields");
    CHECK(feed("", "HTTP/1.1 100 Continue\r\n\r\n") ==
          "http-too-large: more than 64 bytes of header fields");
    CHECK(feed("HTTP/1.1 200 OK\r\n\r\n", "x") == "http-too-large: more than 16 bytes of body");
    const auto chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"s;
    CHECK(feed(chunked, "1\r\nx\r\n") == "http-too-large: more than 16 bytes of body");
    CHECK(feed(chunked + "1;", "x") == "http-too-large: more than 64 bytes of header fields");
    CHECK(feed(chunked + "0\r\n", "A: b\r\n") ==
          "http-too-large: more than 64 bytes of header fields");
    CHECK(feed("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", "") ==
          "http-too-large: more than 16 bytes of body announced");
}

TEST_CASE("a stream that ends early says how far it came") {
    const auto ended_after = [](const std::string& bytes) {
        auto response = keeping();
        REQUIRE(response.receive(bytes).has_value());
        const auto result = response.end();
        REQUIRE_FALSE(result.has_value());
        return result.error().code + ": " + result.error().text;
    };
    CHECK(ended_after("") == "connection-closed: closed before a status line");
    CHECK(ended_after("HTTP/1.1 2") == "connection-closed: closed before a status line");
    CHECK(ended_after("HTTP/1.1 200 OK\r\nA: b\r\n") ==
          "connection-closed: closed inside the header fields");
    CHECK(ended_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") ==
          "connection-closed: closed after 3 bytes of the body of 9");
    CHECK(ended_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n") ==
          "connection-closed: closed after 1 bytes of the body");
}
