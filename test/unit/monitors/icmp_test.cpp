#include "monitors/icmp.hpp"

#include <catch2/catch.hpp>

using namespace std::string_literals;
using namespace vipd;
using namespace vipd::monitors;

namespace {

constexpr std::uint64_t nonce = 0x0807060504030201;
const std::string identity = "\x01\x02\x03\x04";
const std::string data = "\x01\x02\x03\x04\x05\x06\x07\x08";
const std::string ip_header = "\x45" + std::string(19, 'x');

}  // namespace

TEST_CASE("an echo request for IPv4 carries its checksum") {
    const IcmpDialogue dialogue(Family::ipv4, nonce);
    // Sum of the 16-bit words: 0800 + 0102 + 0304 + 0102 + 0304 + 0506 + 0708 = 1c1a; its
    // complement: e3e5.
    CHECK(dialogue.request() == "\x08\x00\xe3\xe5"s + identity + data);
}

TEST_CASE("an echo request for IPv6 leaves its checksum to the kernel") {
    const IcmpDialogue dialogue(Family::ipv6, nonce);
    CHECK(dialogue.request() == "\x80\x00\x00\x00"s + identity + data);
}

TEST_CASE("only the reply to our own request counts") {
    IcmpDialogue dialogue(Family::ipv4, nonce);
    CHECK(dialogue.receive(ip_header + "\x00\x00zz"s + identity + data)->success);
    CHECK_FALSE(dialogue.receive(ip_header + "\x08\x00zz"s + identity + data));
    CHECK_FALSE(dialogue.receive(ip_header + "\x00\x00zz"s + identity +
                                 "\x01\x02\x03\x04\x05\x06\x07\x09"));
    CHECK_FALSE(dialogue.receive(ip_header + "\x00\x00zz"s + identity + data + "x"));

    IcmpDialogue ipv6(Family::ipv6, nonce);
    CHECK(ipv6.receive("\x81\x00zz"s + identity + data)->success);
    CHECK_FALSE(ipv6.receive("\x80\x00zz"s + identity + data));
}

TEST_CASE("short datagrams and wrong header lengths are passed over") {
    IcmpDialogue dialogue(Family::ipv4, nonce);
    const auto reply =
        "\x4f" + std::string(19, 'x') + "\x00\x00zz"s + identity + data;  // says 60 bytes of header
    for (std::size_t length = 0; length <= reply.size(); ++length) {
        CHECK_FALSE(dialogue.receive(std::string_view(reply).substr(0, length)));
    }
}
