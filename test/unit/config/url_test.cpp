#include "src/config/url.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using vipd::parse_url;

TEST_CASE("a URL is taken apart into what a probe needs") {
    const auto url = *parse_url("http://en.example.org:8080/healthz?full=1");
    CHECK(url.scheme == "http");
    CHECK(url.host == "en.example.org");
    CHECK(url.port == 8080);
    CHECK(url.target == "/healthz?full=1");
    CHECK(url.authority() == "en.example.org:8080");
}

TEST_CASE("a URL may ask for TLS") {
    CHECK(parse_url("https://en.example.org/")->scheme == "https");
}

TEST_CASE("a URL without path asks for the root") {
    CHECK(parse_url("http://example.org")->target == "/");
    CHECK(parse_url("http://example.org?a=b")->target == "/?a=b");
    CHECK_FALSE(parse_url("http://example.org")->port);
}

TEST_CASE("a URL may name an address") {
    const auto url = *parse_url("http://[2001:db8::1]:81/");
    CHECK(url.host == "2001:db8::1");
    CHECK(url.authority() == "[2001:db8::1]:81");
    CHECK(parse_url("http://192.0.2.1/")->authority() == "192.0.2.1");
}

TEST_CASE("a URL that cannot be probed is refused with what would do") {
    using Case = std::pair<std::string, std::string>;
    for (const auto& [text, accepted] : std::vector<Case>{
             {"", "scheme http or https"},
             {"example.org/", "scheme http or https"},
             {"ftp://example.org/", "scheme http or https"},
             {"HTTP://example.org/", "scheme http or https"},
             {"http://", "a host name"},
             {"http:///path", "a host name"},
             {"http://-a/", "a host name"},
             {"http://.a/", "a host name"},
             {"http://exa$mple/", "a host name"},
             {"http://[::1/", "a host name"},
             {"http://[192.0.2.1]/", "a host name"},
             {"http://2001:db8::1/", "a port"},
             {"http://a:/", "a port"},
             {"http://a:0/", "a port"},
             {"http://a:65536/", "a port"},
             {"http://a:80x/", "a port"},
             {"http://[::1]x/", "a port"},
             {"http://user@a/", "without user"},
             {"http://a/#top", "without a fragment"},
             {"http://a/b c", "without spaces"},
             {"http://a/\r\nX: y", "without spaces"},
             {"http://ä/", "without spaces"},
             {"http://a/" + std::string(3000, 'x'), "at most 2048 bytes"},
         }) {
        CAPTURE(text);
        const auto url = parse_url(text);
        REQUIRE_FALSE(url.has_value());
        CHECK_THAT(url.error().accepted, Catch::Contains(accepted));
    }
}
