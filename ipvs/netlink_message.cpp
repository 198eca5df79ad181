#include "ipvs/netlink_message.hpp"

#include "src/base/overloaded.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <new>

namespace vipd::ipvs {

namespace {

// --- writing
// ---------------------------------------------------------------------------------------------------------

constexpr std::uint32_t scheduler_flags =
    IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3;
/// The flags that we decide; the kernel keeps the others as they are.
constexpr std::uint32_t our_flags =
    IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | scheduler_flags;

/// Forwarding methods without a name of ours: the kernel's number, moved out of the way of our
/// enumerators.
constexpr std::uint32_t unnamed_forwarding = 16;

/// libnl refuses an attribute only when there is no memory for it.
void must(int result) {
    if (result < 0) throw std::bad_alloc();
}

class Request {
public:
    Request(const Envelope& envelope, std::uint8_t command, int flags) : message_(nlmsg_alloc()) {
        if (!message_) throw std::bad_alloc();
        const void* header =
            genlmsg_put(message_.get(), envelope.port, envelope.sequence, envelope.family, 0,
                        NLM_F_REQUEST | flags, command, IPVS_GENL_VERSION);
        if (header == nullptr) throw std::bad_alloc();
    }

    nl_msg* get() { return message_.get(); }

    void append_to(Bytes& bytes) const {
        const nlmsghdr* header = nlmsg_hdr(message_.get());
        const auto* begin = reinterpret_cast<const std::uint8_t*>(header);
        bytes.insert(bytes.end(), begin, begin + header->nlmsg_len);
        bytes.resize(NLMSG_ALIGN(bytes.size()));
    }

private:
    struct Free {
        void operator()(nl_msg* message) const { nlmsg_free(message); }
    };
    std::unique_ptr<nl_msg, Free> message_;
};

template <class Fill>
void put_nested(nl_msg* message, int type, Fill fill) {
    nlattr* nest = nla_nest_start(message, type);
    if (nest == nullptr) throw std::bad_alloc();
    fill();
    nla_nest_end(message, nest);
}

std::uint16_t wire_family(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

/// The kernel's union nf_inet_addr: 16 bytes for either family.
void put_address(nl_msg* message, int type, const Address& address) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    must(nla_put(message, type, bytes.size(), bytes.data()));
}

void put_key(nl_msg* message, const ServiceKey& key) {
    must(nla_put_u16(message, IPVS_SVC_ATTR_AF, wire_family(family(key))));
    std::visit(overloaded{
                   [&](const VirtualEndpoint& virt) {
                       const auto protocol = static_cast<std::uint8_t>(virt.protocol);
                       must(nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, protocol));
                       put_address(message, IPVS_SVC_ATTR_ADDR, virt.endpoint.address);
                       must(nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(virt.endpoint.port)));
                   },
                   [&](const FirewallMark& mark) {
                       must(nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, mark.mark));
                   },
               },
               key);
}

/// A mask in network order for IPv4, a prefix length for IPv6 (ip_vs_ctl.c, ip_vs_add_service).
std::uint32_t wire_netmask(Family family, std::optional<Persistence> persistence) {
    if (family == Family::ipv6) return persistence ? persistence->prefix_length : 128U;
    const int prefix_length = persistence ? persistence->prefix_length : 32;
    return prefix_length == 0 ? 0 : htonl(~std::uint32_t{0} << (32 - prefix_length));
}

void put_options(nl_msg* message, Family family, const ServiceOptions& options) {
    ip_vs_flags flags{.flags = options.scheduler_flags & scheduler_flags, .mask = our_flags};
    if (options.persistence) flags.flags |= IP_VS_SVC_F_PERSISTENT;
    if (options.one_packet) flags.flags |= IP_VS_SVC_F_ONEPACKET;
    const std::uint32_t timeout = options.persistence ? options.persistence->timeout_seconds : 0;
    must(nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, options.scheduler.c_str()));
    must(nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags));
    must(nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, timeout));
    must(nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, wire_netmask(family, options.persistence)));
    if (options.persistence && !options.persistence->engine.empty()) {
        const char* engine = options.persistence->engine.c_str();
        must(nla_put_string(message, IPVS_SVC_ATTR_PE_NAME, engine));
    }
}

void put_key(nl_msg* message, const DestinationKey& key) {
    put_address(message, IPVS_DEST_ATTR_ADDR, key.address);
    must(nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(key.port)));
    must(nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, wire_family(key.address.family())));
}

std::uint32_t wire_forwarding(Forwarding forwarding) {
    switch (forwarding) {
        case Forwarding::nat:
            return IP_VS_CONN_F_MASQ;
        case Forwarding::dr:
            return IP_VS_CONN_F_DROUTE;
        case Forwarding::tunnel:
            return IP_VS_CONN_F_TUNNEL;
    }
    return static_cast<std::uint32_t>(forwarding) - unnamed_forwarding;
}

void put_destination(nl_msg* message, const Destination& destination) {
    const auto weight = static_cast<std::uint32_t>(destination.weight);
    const auto type = static_cast<std::uint8_t>(destination.tunnel.type);
    const auto checksum = static_cast<std::uint16_t>(destination.tunnel.checksum);
    must(nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, wire_forwarding(destination.forwarding)));
    must(nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, weight));
    must(nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH, destination.upper_threshold));
    must(nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH, destination.lower_threshold));
    must(nla_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE, type));
    must(nla_put_u16(message, IPVS_DEST_ATTR_TUN_PORT, htons(destination.tunnel.port)));
    must(nla_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS, checksum));
}

void put_service(nl_msg* message, const ServiceKey& key, const ServiceOptions* options) {
    put_nested(message, IPVS_CMD_ATTR_SERVICE, [&] {
        put_key(message, key);
        if (options != nullptr) put_options(message, family(key), *options);
    });
}

void put_destination(nl_msg* message, const ServiceKey& service, const DestinationKey& key,
                     const Destination* destination) {
    put_service(message, service, nullptr);
    put_nested(message, IPVS_CMD_ATTR_DEST, [&] {
        put_key(message, key);
        if (destination != nullptr) put_destination(message, *destination);
    });
}

struct Command {
    std::uint8_t operator()(const AddService&) const { return IPVS_CMD_NEW_SERVICE; }
    std::uint8_t operator()(const EditService&) const { return IPVS_CMD_SET_SERVICE; }
    std::uint8_t operator()(const RemoveService&) const { return IPVS_CMD_DEL_SERVICE; }
    std::uint8_t operator()(const AddDestination&) const { return IPVS_CMD_NEW_DEST; }
    std::uint8_t operator()(const EditDestination&) const { return IPVS_CMD_SET_DEST; }
    std::uint8_t operator()(const RemoveDestination&) const { return IPVS_CMD_DEL_DEST; }
};

// --- reading
// ---------------------------------------------------------------------------------------------------------

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
    options.scheduler_flags = flags->flags & scheduler_flags;
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
            return static_cast<Forwarding>(unnamed_forwarding + method);
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

void append_change(Bytes& to, const Envelope& envelope, const Change& change) {
    Request request(envelope, std::visit(Command{}, change), NLM_F_ACK);
    std::visit(
        [&](const auto& write) {
            if constexpr (requires { write.destination; }) {
                put_destination(request.get(), write.service, write.key, &write.destination);
            } else if constexpr (requires { write.key; }) {
                put_destination(request.get(), write.service, write.key, nullptr);
            } else if constexpr (requires { write.options; }) {
                put_service(request.get(), write.service, &write.options);
            } else {
                put_service(request.get(), write.service, nullptr);
            }
        },
        change);
    request.append_to(to);
}

void append_get_service(Bytes& to, const Envelope& envelope, const ServiceKey& service) {
    Request request(envelope, IPVS_CMD_GET_SERVICE, 0);
    put_service(request.get(), service, nullptr);
    request.append_to(to);
}

void append_dump_services(Bytes& to, const Envelope& envelope) {
    Request(envelope, IPVS_CMD_GET_SERVICE, NLM_F_DUMP).append_to(to);
}

void append_dump_destinations(Bytes& to, const Envelope& envelope, const ServiceKey& service) {
    Request request(envelope, IPVS_CMD_GET_DEST, NLM_F_DUMP);
    put_service(request.get(), service, nullptr);
    request.append_to(to);
}

void append_get_timeouts(Bytes& to, const Envelope& envelope) {
    Request(envelope, IPVS_CMD_GET_CONFIG, 0).append_to(to);
}

void append_set_timeouts(Bytes& to, const Envelope& envelope, const Timeouts& timeouts) {
    Request request(envelope, IPVS_CMD_SET_CONFIG, NLM_F_ACK);
    must(nla_put_u32(request.get(), IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp_seconds));
    must(nla_put_u32(request.get(), IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin_seconds));
    must(nla_put_u32(request.get(), IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp_seconds));
    request.append_to(to);
}

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
