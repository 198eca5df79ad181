// What the fuzzers found interesting, replayed with the sanitizers of this build.
#include "test/fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

using namespace vipd;

namespace {

using Target = void (*)(std::span<const std::uint8_t>);

void replay(const char* name, Target target) {
    const auto folder = std::filesystem::path(VIPD_FUZZ_CORPUS) / name;
    int replayed = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        INFO(entry.path());
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
        const std::vector<std::uint8_t> bytes(content.begin(), content.end());
        target(bytes);
        ++replayed;
    }
    CHECK(replayed >= 10);
}

}  // namespace

TEST_CASE("the corpus of BGP messages") {
    replay("bgp_message", fuzz::bgp_message);
}
TEST_CASE("the corpus of OPENs") {
    replay("bgp_open", fuzz::bgp_open);
}
TEST_CASE("the corpus of sessions") {
    replay("bgp_session", fuzz::bgp_session);
}
TEST_CASE("the corpus of HTTP responses") {
    replay("monitors_http_response", fuzz::monitors_http_response);
}
TEST_CASE("the corpus of DNS messages") {
    replay("monitors_dns_message", fuzz::monitors_dns_message);
}
TEST_CASE("the corpus of answers to look for patterns in") {
    replay("monitors_exchange", fuzz::monitors_exchange);
}
TEST_CASE("the corpus of ICMP messages") {
    replay("monitors_icmp", fuzz::monitors_icmp);
}
TEST_CASE("the corpus of server lists") {
    replay("config_server_list", fuzz::config_server_list);
}
TEST_CASE("the corpus of requests and commands") {
    replay("status_request", fuzz::status_request);
}
