// What the fuzzers found interesting, replayed with the sanitizers of this build.
#include "test/fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

using namespace vipd;

namespace {

using Target = void (*)(std::span<const std::uint8_t>);

void replay(const std::string& name, Target target) {
    INFO(name);
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

TEST_CASE("what the fuzzers found interesting holds") {
    const auto [name, target] = GENERATE(values<std::pair<std::string, Target>>({
        {"bgp_message", fuzz::bgp_message},
        {"bgp_open", fuzz::bgp_open},
        {"bgp_session", fuzz::bgp_session},
        {"monitors_http_response", fuzz::monitors_http_response},
        {"monitors_dns_message", fuzz::monitors_dns_message},
        {"monitors_exchange", fuzz::monitors_exchange},
        {"monitors_icmp", fuzz::monitors_icmp},
        {"config_server_list", fuzz::config_server_list},
        {"status_request", fuzz::status_request},
    }));
    replay(name, target);
}
