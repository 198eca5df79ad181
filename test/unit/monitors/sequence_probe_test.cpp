#include "monitors/sequence_probe.hpp"

#include "test/unit/monitors/engine_support.hpp"
#include "test/unit/monitors/test_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

/// /good is answered with 200, /slow never, anything else with 500.
void serve(int fd) {
    const auto request = read_request(fd);
    if (request.starts_with("GET /slow ")) {
        wait_for_close(fd);
        return;
    }
    send_all(fd, request.starts_with("GET /good ")
                     ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                     : "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
}

std::string verdict(const std::vector<std::string>& paths, std::size_t required) {
    const TestServer server(serve);
    HttpCheck check{.host = "h", .target = paths.front()};
    for (std::size_t i = 1; i < paths.size(); ++i)
        check.also.push_back({.host = "h", .target = paths[i]});
    check.required = required;
    return one_verdict(quick_plan(server.endpoint(), check));
}

}  // namespace

TEST_CASE("all URLs must do well unless fewer are required", "[edge]") {
    CHECK(verdict({"/good", "/good"}, 0) == "up ok: 2 of 2 URLs did well");
    CHECK(verdict({"/good", "/bad", "/good"}, 0) ==
          "down http-status: h/bad: got 500, accepted 200 (1 of 2 URLs did well, 3 required)");
    CHECK(verdict({"/bad", "/good", "/good"}, 2) == "up ok: 2 of 3 URLs did well");
}

TEST_CASE("nothing more is asked once the outcome is clear", "[edge]") {
    CHECK(verdict({"/good", "/slow"}, 1) == "up ok: 1 of 1 URLs did well");
    CHECK(verdict({"/bad", "/bad", "/slow"}, 2) ==
          "down http-status: h/bad: got 500, accepted 200 (0 of 2 URLs did well, 2 required)");
}

TEST_CASE("one deadline covers all URLs", "[edge]") {
    CHECK(verdict({"/good", "/slow"}, 0)
              .starts_with("down timeout: h/slow: no answer within 20ms (connected after "));
}
