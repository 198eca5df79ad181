#include "ipvs/netlink_reply.hpp"
#include "ipvs/netlink_request.hpp"
#include "test/unit/ipvs/random_table.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <random>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

const Envelope envelope{.family = 27, .port = 4711, .sequence = 99};

Bytes encoded(const Change& change) {
    Bytes bytes;
    append_change(bytes, envelope, change);
    return bytes;
}

nlmsghdr header_of(const Bytes& bytes) {
    nlmsghdr header{};
    REQUIRE(bytes.size() >= sizeof(header));
    std::memcpy(&header, bytes.data(), sizeof(header));
    return header;
}

std::uint8_t command_of(const Bytes& bytes) {
    return bytes.at(sizeof(nlmsghdr));
}

/// The payload of attribute `type` inside the attribute `nest` of a message.
Bytes attribute(const Bytes& bytes, std::uint16_t nest, std::uint16_t type) {
    const auto find = [&](std::size_t begin, std::size_t end, std::uint16_t wanted) {
        while (begin + sizeof(nlattr) <= end) {
            nlattr head{};
            std::memcpy(&head, &bytes.at(begin), sizeof(head));
            REQUIRE(head.nla_len >= sizeof(head));
            if ((head.nla_type & NLA_TYPE_MASK) == wanted) {
                return std::pair{begin + sizeof(head), begin + head.nla_len};
            }
            begin += NLA_ALIGN(head.nla_len);
        }
        return std::pair{end, end};
    };
    const auto outer = find(sizeof(nlmsghdr) + sizeof(genlmsghdr), bytes.size(), nest);
    const auto inner = find(outer.first, outer.second, type);
    return {bytes.begin() + static_cast<std::ptrdiff_t>(inner.first),
            bytes.begin() + static_cast<std::ptrdiff_t>(inner.second)};
}

Bytes service_attribute(const Bytes& bytes, std::uint16_t type) {
    return attribute(bytes, IPVS_CMD_ATTR_SERVICE, type);
}

Bytes destination_attribute(const Bytes& bytes, std::uint16_t type) {
    return attribute(bytes, IPVS_CMD_ATTR_DEST, type);
}

template <class Number>
Bytes raw(Number number) {
    Bytes bytes(sizeof(number));
    std::memcpy(bytes.data(), &number, sizeof(number));
    return bytes;
}

/// An answer as the kernel sends it: the error, the header of the request, and maybe its own words.
Bytes answer(int error, const std::string& words) {
    nlmsghdr header{};
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_seq = 99;
    header.nlmsg_flags = NLM_F_CAPPED;
    nlmsgerr verdict{};
    verdict.error = -error;
    verdict.msg.nlmsg_len = 1000;  // of the request, which is not repeated
    Bytes payload = raw(verdict);
    if (!words.empty()) {
        header.nlmsg_flags |= NLM_F_ACK_TLVS;
        const auto length = static_cast<std::uint16_t>(sizeof(nlattr) + words.size() + 1);
        const Bytes head = raw(nlattr{length, NLMSGERR_ATTR_MSG});
        payload.insert(payload.end(), head.begin(), head.end());
        payload.insert(payload.end(), words.begin(), words.end());
        payload.push_back(0);
    }
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof(header) + payload.size());
    Bytes bytes = raw(header);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

Bytes padded(Bytes bytes) {
    bytes.resize(NLMSG_ALIGN(bytes.size()));
    return bytes;
}

}  // namespace

TEST_CASE("a write is one acknowledged request to the IPVS family") {
    const Bytes bytes = encoded(AddService{vip, {}});
    const nlmsghdr header = header_of(bytes);
    CHECK(header.nlmsg_len <= bytes.size());
    CHECK(bytes.size() % NLMSG_ALIGNTO == 0);
    CHECK(header.nlmsg_type == 27);
    CHECK(header.nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK));
    CHECK(header.nlmsg_seq == 99);
    CHECK(header.nlmsg_pid == 4711);
    CHECK(command_of(bytes) == IPVS_CMD_NEW_SERVICE);
    CHECK(command_of(encoded(EditService{vip, {}})) == IPVS_CMD_SET_SERVICE);
    CHECK(command_of(encoded(RemoveService{vip})) == IPVS_CMD_DEL_SERVICE);
    CHECK(command_of(encoded(AddDestination{vip, {}, {}})) == IPVS_CMD_NEW_DEST);
    CHECK(command_of(encoded(EditDestination{vip, {}, {}})) == IPVS_CMD_SET_DEST);
    CHECK(command_of(encoded(RemoveDestination{vip, {}})) == IPVS_CMD_DEL_DEST);
}

TEST_CASE("a service is named by family, protocol, address and port, in the kernel's widths") {
    const Bytes bytes = encoded(RemoveService{vip});
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_AF) == raw<std::uint16_t>(AF_INET));
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_PROTOCOL) == raw<std::uint16_t>(IPPROTO_TCP));
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_PORT) == raw<std::uint16_t>(htons(443)));
    const Bytes address = service_attribute(bytes, IPVS_SVC_ATTR_ADDR);
    CHECK(address == Bytes{203, 0, 113, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_SCHED_NAME).empty());
}

TEST_CASE("a marked service is named by family and mark alone") {
    const Bytes bytes = encoded(RemoveService{FirewallMark{7, Family::ipv6}});
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_AF) == raw<std::uint16_t>(AF_INET6));
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_FWMARK) == raw<std::uint32_t>(7));
    CHECK(service_attribute(bytes, IPVS_SVC_ATTR_ADDR).empty());
}

TEST_CASE("only flags that are ours are in the mask, so the kernel keeps the others") {
    ServiceOptions options{.scheduler = "mh", .scheduler_flags = 0xffffffff};
    options.one_packet = true;
    const Bytes bytes = service_attribute(encoded(EditService{vip, options}), IPVS_SVC_ATTR_FLAGS);
    CHECK(bytes == raw(ip_vs_flags{.flags = 0x3c, .mask = 0x3d}));
    const Bytes plain = service_attribute(encoded(EditService{vip, {}}), IPVS_SVC_ATTR_FLAGS);
    CHECK(plain == raw(ip_vs_flags{.flags = 0, .mask = 0x3d}));
}

TEST_CASE("a client group is a mask in IPv4 and a length in IPv6") {
    const auto netmask = [](const ServiceKey& key, std::optional<Persistence> persistence) {
        return service_attribute(encoded(AddService{key, {.persistence = persistence}}),
                                 IPVS_SVC_ATTR_NETMASK);
    };
    const ServiceKey v6 = tcp("[2001:db8:f::10]:443");
    CHECK(netmask(vip, Persistence{60, 24, ""}) == Bytes{255, 255, 255, 0});
    CHECK(netmask(vip, Persistence{60, 0, ""}) == Bytes{0, 0, 0, 0});
    CHECK(netmask(vip, std::nullopt) == Bytes{255, 255, 255, 255});
    CHECK(netmask(v6, Persistence{60, 64, ""}) == raw<std::uint32_t>(64));
    CHECK(netmask(v6, std::nullopt) == raw<std::uint32_t>(128));
}

TEST_CASE("a destination carries its own family, and only its name when it is removed") {
    const auto key = server("[2001:db8::11]:8443");
    const Destination destination{.forwarding = Forwarding::tunnel,
                                  .tunnel = {TunnelType::gue, 6080, TunnelChecksum::remote},
                                  .weight = 3,
                                  .upper_threshold = 9,
                                  .lower_threshold = 8};
    const Bytes add = encoded(AddDestination{vip, key, destination});
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_ADDR_FAMILY) == raw<std::uint16_t>(AF_INET6));
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_PORT) == raw<std::uint16_t>(htons(8443)));
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_FWD_METHOD) ==
          raw<std::uint32_t>(IP_VS_CONN_F_TUNNEL));
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_TUN_TYPE) == Bytes{1});
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_TUN_PORT) == raw<std::uint16_t>(htons(6080)));
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_TUN_FLAGS) == raw<std::uint16_t>(2));
    CHECK(destination_attribute(add, IPVS_DEST_ATTR_WEIGHT) == raw<std::uint32_t>(3));
    const Bytes remove = encoded(RemoveDestination{vip, key});
    CHECK(destination_attribute(remove, IPVS_DEST_ATTR_ADDR).size() == 16);
    CHECK(destination_attribute(remove, IPVS_DEST_ATTR_WEIGHT).empty());
}

// The kernel describes entries with the attributes, and the command, that add them.
TEST_CASE("what is written is read back the same") {
    RandomTables random(7);
    for (int round = 0; round < 200; ++round) {
        for (const auto& [key, service] : random.table()) {
            const Bytes bytes = encoded(AddService{key, service.options});
            const auto messages = split(bytes);
            REQUIRE(messages.size() == 1);
            const auto read = read_service(messages[0]);
            REQUIRE(read);
            CHECK(read->key == key);
            CHECK(Service{.options = read->options} == Service{.options = service.options});
            for (const auto& [address, destination] : service.destinations) {
                const Bytes added = encoded(AddDestination{key, address, destination});
                const auto found = read_destination(split(added).at(0), Family::ipv4);
                REQUIRE(found);
                CHECK(found->key == address);
                CHECK(found->destination == destination);
            }
        }
    }
}

TEST_CASE("methods and protocols without a name survive reading and writing") {
    const auto local = static_cast<Forwarding>(16 + IP_VS_CONN_F_LOCALNODE);
    const Bytes bytes =
        encoded(AddDestination{vip, server("10.0.0.11:443"), {.forwarding = local}});
    CHECK(destination_attribute(bytes, IPVS_DEST_ATTR_FWD_METHOD) ==
          raw<std::uint32_t>(IP_VS_CONN_F_LOCALNODE));
    CHECK(read_destination(split(bytes).at(0), Family::ipv4)->destination.forwarding == local);
    const ServiceKey sctp = VirtualEndpoint{static_cast<Protocol>(132), {}};
    CHECK(read_service(split(encoded(AddService{sctp, {}})).at(0))->key == sctp);
}

TEST_CASE("a mask with holes reads as no prefix at all") {
    Bytes bytes = encoded(AddService{vip, {.persistence = Persistence{60, 24, ""}}});
    const Bytes mask = {255, 255, 255, 0};
    const auto found = std::search(bytes.begin(), bytes.end(), mask.begin(), mask.end());
    REQUIRE(found != bytes.end());
    *std::next(found) = 0;
    CHECK(read_service(split(bytes).at(0))->options.persistence->prefix_length == 0);
}

TEST_CASE("an answer carries its number, its error and the kernel's words") {
    Bytes bytes = padded(answer(EEXIST, "already there"));
    const Bytes second = answer(0, "");
    bytes.insert(bytes.end(), second.begin(), second.end());
    const auto messages = split(bytes);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].sequence == 99);
    CHECK(messages[0].answer->error == EEXIST);
    CHECK(messages[0].answer->text == "already there");
    CHECK(messages[1].answer->error == 0);
    CHECK(messages[1].answer->text.empty());
    CHECK_FALSE(read_service(messages[0]));
}

TEST_CASE("ends and interruptions of a dump are seen") {
    nlmsghdr header{};
    header.nlmsg_len = sizeof(header);
    header.nlmsg_type = NLMSG_DONE;
    header.nlmsg_flags = NLM_F_MULTI | NLM_F_DUMP_INTR;
    const auto messages = split(raw(header));
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].is_end);
    CHECK(messages[0].is_interrupted);
}

TEST_CASE("whatever is cut short or altered is dropped, not read beyond its end") {
    const Bytes whole = encoded(AddDestination{vip, server("10.0.0.11:443"), {}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(split(cut).empty());
    }
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        Bytes bytes = round % 2 == 0 ? whole : padded(answer(EINVAL, "bad"));
        for (int flips = 0; flips < 3; ++flips) {
            const auto place =
                std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random);
            bytes[place] = static_cast<std::uint8_t>(random());
        }
        for (const Message& message : split(bytes)) {
            CHECK_FALSE((message.answer && read_service(message)));
            read_destination(message, Family::ipv6);
            read_timeouts(message);
        }
    }
}

TEST_CASE("requests for timeouts name all three") {
    Bytes bytes;
    append_set_timeouts(bytes, envelope, {900, 120, 300});
    CHECK(command_of(bytes) == IPVS_CMD_SET_CONFIG);
    // The kernel answers a question for them with the same command and attributes.
    CHECK(read_timeouts(split(bytes).at(0)) == Timeouts{900, 120, 300});
    Bytes question;
    append_get_timeouts(question, envelope);
    CHECK(command_of(question) == IPVS_CMD_GET_CONFIG);
    CHECK_FALSE(read_timeouts(split(question).at(0)));
}

TEST_CASE("dumps are asked for with the dump flag, of destinations with their service") {
    Bytes services;
    append_dump_services(services, envelope);
    CHECK(header_of(services).nlmsg_flags == (NLM_F_REQUEST | NLM_F_DUMP));
    Bytes destinations;
    append_dump_destinations(destinations, envelope, vip);
    CHECK(command_of(destinations) == IPVS_CMD_GET_DEST);
    CHECK(service_attribute(destinations, IPVS_SVC_ATTR_PORT) == raw<std::uint16_t>(htons(443)));
    Bytes one;
    append_get_service(one, envelope, vip);
    CHECK(header_of(one).nlmsg_flags == NLM_F_REQUEST);
    CHECK(command_of(one) == IPVS_CMD_GET_SERVICE);
}
