#include "src/status/request_target.hpp"

#include <catch2/catch.hpp>

using namespace vipd;
using Path = std::vector<std::string>;

TEST_CASE("a path is taken apart at its slashes and decoded") {
    CHECK(RequestTarget::parse("/")->path.empty());
    CHECK(RequestTarget::parse("/v1/services/text%2Dhttp")->path ==
          Path{"v1", "services", "text-http"});
    CHECK(RequestTarget::parse("/pools/a%2Fb/")->path == Path{"pools", "a/b"});
}

TEST_CASE("a plus is a space in the query and a plus in the path") {
    const auto target = RequestTarget::parse("/a+b?q=c+d");
    CHECK(target->path == Path{"a+b"});
    CHECK(target->text("q") == "c d");
}

TEST_CASE("a flag counts when it is there and does not say no") {
    CHECK(RequestTarget::parse("/x?summary")->flag("summary"));
    CHECK(RequestTarget::parse("/x?summary=1")->flag("summary"));
    CHECK_FALSE(RequestTarget::parse("/x?summary=0")->flag("summary"));
    CHECK_FALSE(RequestTarget::parse("/x?summary=false")->flag("summary"));
    CHECK_FALSE(RequestTarget::parse("/x")->flag("summary"));
}

TEST_CASE("malformed and excessive targets are refused") {
    CHECK_FALSE(RequestTarget::parse(""));
    CHECK_FALSE(RequestTarget::parse("*"));
    CHECK_FALSE(RequestTarget::parse("/%"));
    CHECK_FALSE(RequestTarget::parse("/%4"));
    CHECK_FALSE(RequestTarget::parse("/%zz"));
    CHECK_FALSE(RequestTarget::parse("/%-1"));
    CHECK_FALSE(RequestTarget::parse("/x?a=%f"));
    std::string deep;
    for (int i = 0; i < 17; ++i)
        deep += "/x";
    CHECK_FALSE(RequestTarget::parse(deep));
}

TEST_CASE("a fragment is not part of the request") {
    CHECK(RequestTarget::parse("/v1/status#top")->path == Path{"v1", "status"});
}
