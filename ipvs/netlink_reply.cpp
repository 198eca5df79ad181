#include "ipvs/netlink_reply.hpp"

#include "ipvs/netlink_wire.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <array>
#include <bit>
#include <cstring>

namespace vipd::ipvs {

namespace {

template <std::size_t Size>
using Attributes = std::array<nlattr*, Size>;

/// libnl's accessors take no const but do not write.
nlmsghdr* header_of(std::span<const std::uint8_t> bytes) {
    return reinterpret_cast<nlmsghdr*>(const_cast<std::uint8_t*>(bytes.data()));
}

/// The attribute `nest` of a message of ours with command `command`; null if it is none.
nlattr* find_nest(const Message& message, std::uint8_t command, int nest) {
    nlmsghdr* header = header_of(message.bytes);
    if (message.answer || message.is_end || genlmsg_valid_hdr(header, 0) == 0) return nullptr;
    if (genlmsg_hdr(header)->cmd != command) return nullptr;
    Attributes<IPVS_CMD_ATTR_MAX + 1> attributes{};
    if (genlmsg_parse(header, 0, attributes.data(), IPVS_CMD_ATTR_MAX, nullptr) < 0) return nullptr;
    return attributes.at(static_cast<std::size_t>(nest));
}

template <class Number>
std::optional<Number> number(const nlattr* attribute) {
    Number value{};
    if (attribute == nullptr || nla_len(attribute) != sizeof(value)) return std::nullopt;
    std::memcpy(&value, nla_data(attribute), sizeof(value));
    return value;
}

std::optional<std::uint16_t> port(const nlattr* attribute) {
    const auto value = number<std::uint16_t>(attribute);
    return value ? std::optional(ntohs(*value)) : std::nullopt;
}

std::optional<Family> read_family(const nlattr* attribute) {
    const auto value = number<std::uint16_t>(attribute);
    if (value == AF_INET) return Family::ipv4;
    if (value == AF_INET6) return Family::ipv6;
    return std::nullopt;
}

std::optional<Address> read_address(const nlattr* attribute, Family family) {
    const std::size_t size = family == Family::ipv4 ? 4 : 16;
    if (attribute == nullptr || static_cast<std::size_t>(nla_len(attribute)) < size) {
        return std::nullopt;
    }
    return Address::from_bytes({static_cast<const std::uint8_t*>(nla_data(attribute)), size});
}

std::string read_text(const nlattr* attribute) {
    if (attribute == nullptr) return {};
    const auto* text = static_cast<const char*>(nla_data(attribute));
    return {text, strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

/// 32 bits wide in the older set of statistics, 64 in the newer.
std::uint64_t counter(const nlattr* attribute) {
    if (const auto wide = number<std::uint64_t>(attribute)) return *wide;
    return number<std::uint32_t>(attribute).value_or(0);
}

Counters read_counters(nlattr* newer, nlattr* older) {
    nlattr* nest = newer != nullptr ? newer : older;
    Attributes<IPVS_STATS_ATTR_MAX + 1> found{};
    if (nest == nullptr || nla_parse_nested(found.data(), IPVS_STATS_ATTR_MAX, nest, nullptr) < 0) {
        return {};
    }
    return {.connections = counter(found[IPVS_STATS_ATTR_CONNS]),
            .packets_in = counter(found[IPVS_STATS_ATTR_INPKTS]),
            .packets_out = counter(found[IPVS_STATS_ATTR_OUTPKTS]),
            .bytes_in = counter(found[IPVS_STATS_ATTR_INBYTES]),
            .bytes_out = counter(found[IPVS_STATS_ATTR_OUTBYTES]),
            .connections_per_second = counter(found[IPVS_STATS_ATTR_CPS]),
            .packets_in_per_second = counter(found[IPVS_STATS_ATTR_INPPS]),
            .packets_out_per_second = counter(found[IPVS_STATS_ATTR_OUTPPS]),
            .bytes_in_per_second = counter(found[IPVS_STATS_ATTR_INBPS]),
            .bytes_out_per_second = counter(found[IPVS_STATS_ATTR_OUTBPS])};
}

std::optional<ServiceKey> read_key(const Attributes<IPVS_SVC_ATTR_MAX + 1>& found) {
    const auto family = read_family(found[IPVS_SVC_ATTR_AF]);
    if (!family) return std::nullopt;
    if (const auto mark = number<std::uint32_t>(found[IPVS_SVC_ATTR_FWMARK])) {
        return FirewallMark{*mark, *family};
    }
    const auto protocol = number<std::uint16_t>(found[IPVS_SVC_ATTR_PROTOCOL]);
    const auto address = read_address(found[IPVS_SVC_ATTR_ADDR], *family);
    const auto service_port = port(found[IPVS_SVC_ATTR_PORT]);
    if (!protocol || !address || !service_port) return std::nullopt;
    return VirtualEndpoint{static_cast<Protocol>(*protocol), {*address, *service_port}};
}

/// 0 for a mask with holes.
std::uint8_t prefix_length(Family family, std::uint32_t netmask) {
    if (family == Family::ipv6) return static_cast<std::uint8_t>(netmask);
    const int ones = std::countl_one(ntohl(netmask));
    return std::popcount(netmask) == ones ? static_cast<std::uint8_t>(ones) : std::uint8_t{0};
}

std::optional<ServiceOptions> read_options(Family family,
                                           const Attributes<IPVS_SVC_ATTR_MAX + 1>& found) {
    const auto flags = number<ip_vs_flags>(found[IPVS_SVC_ATTR_FLAGS]);
    const auto timeout = number<std::uint32_t>(found[IPVS_SVC_ATTR_TIMEOUT]);
    const auto netmask = number<std::uint32_t>(found[IPVS_SVC_ATTR_NETMASK]);
    if (!flags || !timeout || !netmask) return std::nullopt;
    ServiceOptions options;
    options.scheduler = read_text(found[IPVS_SVC_ATTR_SCHED_NAME]);
    options.scheduler_flags = flags->flags & wire::scheduler_flags;
    options.one_packet = (flags->flags & IP_VS_SVC_F_ONEPACKET) != 0;
    if ((flags->flags & IP_VS_SVC_F_PERSISTENT) != 0) {
        options.persistence = Persistence{.timeout_seconds = *timeout,
                                          .prefix_length = prefix_length(family, *netmask),
                                          .engine = read_text(found[IPVS_SVC_ATTR_PE_NAME])};
    }
    return options;
}

Forwarding read_forwarding(std::uint32_t flags) {
    const std::uint32_t method = flags & IP_VS_CONN_F_FWD_MASK;
    switch (method) {
        case IP_VS_CONN_F_MASQ:
            return Forwarding::nat;
        case IP_VS_CONN_F_DROUTE:
            return Forwarding::dr;
        case IP_VS_CONN_F_TUNNEL:
            return Forwarding::tunnel;
        default:
            return static_cast<Forwarding>(wire::unnamed_forwarding + method);
    }
}

Tunnel read_tunnel(const Attributes<IPVS_DEST_ATTR_MAX + 1>& found) {
    const auto type = number<std::uint8_t>(found[IPVS_DEST_ATTR_TUN_TYPE]).value_or(0);
    const auto checksum = number<std::uint16_t>(found[IPVS_DEST_ATTR_TUN_FLAGS]).value_or(0);
    return {.type = static_cast<TunnelType>(type),
            .port = port(found[IPVS_DEST_ATTR_TUN_PORT]).value_or(0),
            .checksum = static_cast<TunnelChecksum>(checksum)};
}

std::optional<Destination> read_values(const Attributes<IPVS_DEST_ATTR_MAX + 1>& found) {
    const auto forwarding = number<std::uint32_t>(found[IPVS_DEST_ATTR_FWD_METHOD]);
    const auto weight = number<std::int32_t>(found[IPVS_DEST_ATTR_WEIGHT]);
    const auto upper = number<std::uint32_t>(found[IPVS_DEST_ATTR_U_THRESH]);
    const auto lower = number<std::uint32_t>(found[IPVS_DEST_ATTR_L_THRESH]);
    if (!forwarding || !weight || !upper || !lower) return std::nullopt;
    return Destination{.forwarding = read_forwarding(*forwarding),
                       .tunnel = read_tunnel(found),
                       .weight = *weight,
                       .upper_threshold = *upper,
                       .lower_threshold = *lower};
}

/// The kernel's own words: attributes behind the error, which is followed by the request's header
/// alone (we ask for capped answers, NETLINK_CAP_ACK) or by the whole request.
std::string words(nlmsghdr* header, const nlmsgerr& error) {
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t offset = sizeof(nlmsgerr);
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) offset += error.msg.nlmsg_len - sizeof(nlmsghdr);
    const auto size = static_cast<std::size_t>(nlmsg_datalen(header));
    if (NLMSG_ALIGN(offset) >= size) return {};
    auto* first = reinterpret_cast<nlattr*>(static_cast<std::uint8_t*>(nlmsg_data(header)) +
                                            NLMSG_ALIGN(offset));
    const auto remaining = static_cast<int>(size - NLMSG_ALIGN(offset));
    return read_text(nla_find(first, remaining, NLMSGERR_ATTR_MSG));
}

std::optional<Answer> read_answer(nlmsghdr* header) {
    nlmsgerr error{};
    if (static_cast<std::size_t>(nlmsg_datalen(header)) < sizeof(error)) return std::nullopt;
    std::memcpy(&error, nlmsg_data(header), sizeof(error));
    return Answer{-error.error, words(header, error)};
}

}  // namespace

std::vector<Message> split(std::span<const std::uint8_t> datagram) {
    std::vector<Message> messages;
    auto remaining = static_cast<int>(datagram.size());
    for (nlmsghdr* header = header_of(datagram); nlmsg_ok(header, remaining) != 0;
         header = nlmsg_next(header, &remaining)) {
        Message message{
            .sequence = header->nlmsg_seq,
            .is_end = header->nlmsg_type == NLMSG_DONE,
            .is_interrupted = (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0,
            .answer = std::nullopt,
            .bytes = {reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len}};
        if (header->nlmsg_type == NLMSG_ERROR) {
            message.answer = read_answer(header);
            if (!message.answer) continue;
        }
        messages.push_back(std::move(message));
    }
    return messages;
}

std::optional<ServiceMessage> read_service(const Message& message) {
    nlattr* nest = find_nest(message, IPVS_CMD_NEW_SERVICE, IPVS_CMD_ATTR_SERVICE);
    Attributes<IPVS_SVC_ATTR_MAX + 1> found{};
    if (nest == nullptr || nla_parse_nested(found.data(), IPVS_SVC_ATTR_MAX, nest, nullptr) < 0) {
        return std::nullopt;
    }
    const auto key = read_key(found);
    if (!key) return std::nullopt;
    auto options = read_options(family(*key), found);
    if (!options) return std::nullopt;
    return ServiceMessage{*key, std::move(*options),
                          read_counters(found[IPVS_SVC_ATTR_STATS64], found[IPVS_SVC_ATTR_STATS])};
}

std::optional<DestinationMessage> read_destination(const Message& message, Family service_family) {
    nlattr* nest = find_nest(message, IPVS_CMD_NEW_DEST, IPVS_CMD_ATTR_DEST);
    Attributes<IPVS_DEST_ATTR_MAX + 1> found{};
    if (nest == nullptr || nla_parse_nested(found.data(), IPVS_DEST_ATTR_MAX, nest, nullptr) < 0) {
        return std::nullopt;
    }
    const Family family = read_family(found[IPVS_DEST_ATTR_ADDR_FAMILY]).value_or(service_family);
    const auto address = read_address(found[IPVS_DEST_ATTR_ADDR], family);
    const auto destination_port = port(found[IPVS_DEST_ATTR_PORT]);
    const auto destination = read_values(found);
    if (!address || !destination_port || !destination) return std::nullopt;
    const auto connections = [&](int type) {
        return number<std::uint32_t>(found.at(static_cast<std::size_t>(type))).value_or(0);
    };
    return DestinationMessage{
        {*address, *destination_port},
        *destination,
        {.counters = read_counters(found[IPVS_DEST_ATTR_STATS64], found[IPVS_DEST_ATTR_STATS]),
         .active_connections = connections(IPVS_DEST_ATTR_ACTIVE_CONNS),
         .inactive_connections = connections(IPVS_DEST_ATTR_INACT_CONNS),
         .persistent_connections = connections(IPVS_DEST_ATTR_PERSIST_CONNS)}};
}

std::optional<Timeouts> read_timeouts(const Message& message) {
    const auto read = [&](int type) {
        return number<std::uint32_t>(find_nest(message, IPVS_CMD_SET_CONFIG, type));
    };
    const auto tcp = read(IPVS_CMD_ATTR_TIMEOUT_TCP);
    const auto tcp_fin = read(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
    const auto udp = read(IPVS_CMD_ATTR_TIMEOUT_UDP);
    if (!tcp && !tcp_fin && !udp) return std::nullopt;  // a kernel may have one protocol only
    return Timeouts{tcp.value_or(0), tcp_fin.value_or(0), udp.value_or(0)};
}

}  // namespace vipd::ipvs
