#include "ipvs/netlink_request.hpp"

#include "ipvs/netlink_wire.hpp"
#include "src/base/overloaded.hpp"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace vipd::ipvs {

namespace {

/// The flags that we decide; the kernel keeps the others as they are.
constexpr std::uint32_t our_flags =
    IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | wire::scheduler_flags;

template <class Head>
void append_head(Bytes& to, const Head& head) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&head);
    to.insert(to.end(), bytes, bytes + sizeof(head));
}

/// One request: its headers now, its length when it goes out of scope.
class Request {
public:
    Request(Bytes& to, const Envelope& envelope, std::uint8_t command, std::uint16_t flags)
        : to_(to), begin_(to.size()) {
        append_head(to_, nlmsghdr{.nlmsg_len = 0,
                                  .nlmsg_type = envelope.family,
                                  .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                                  .nlmsg_seq = envelope.sequence,
                                  .nlmsg_pid = envelope.port});
        append_head(to_, genlmsghdr{.cmd = command, .version = IPVS_GENL_VERSION, .reserved = 0});
    }
    ~Request() {
        const auto length = static_cast<std::uint32_t>(to_.size() - begin_);
        std::memcpy(&to_[begin_], &length, sizeof(length));
    }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

private:
    Bytes& to_;
    std::size_t begin_;
};

/// The kernel's NLA_ALIGN, which is signed.
constexpr std::size_t aligned(std::size_t length) {
    return (length + 3) / 4 * 4;
}

void put(Bytes& to, std::uint16_t type, std::span<const std::uint8_t> value) {
    const std::size_t length = sizeof(nlattr) + value.size();
    append_head(to, nlattr{.nla_len = static_cast<std::uint16_t>(length), .nla_type = type});
    to.insert(to.end(), value.begin(), value.end());
    to.resize(to.size() + aligned(length) - length);
}

/// In the host's order, as the kernel takes them but for ports and masks.
template <class Number>
void put_number(Bytes& to, std::uint16_t type, const Number& number) {
    put(to, type, {reinterpret_cast<const std::uint8_t*>(&number), sizeof(number)});
}

/// Longer names than the kernel has are refused by it; so long as to break the message they must
/// not be.
void put_text(Bytes& to, std::uint16_t type, std::string_view text) {
    std::array<std::uint8_t, 256> bytes{};
    text = text.substr(0, bytes.size() - 1);
    std::ranges::copy(text, bytes.begin());
    put(to, type, std::span(bytes).first(text.size() + 1));
}

template <class Fill>
void put_nested(Bytes& to, std::uint16_t type, Fill fill) {
    const std::size_t begin = to.size();
    append_head(to,
                nlattr{.nla_len = 0, .nla_type = static_cast<std::uint16_t>(NLA_F_NESTED | type)});
    fill();
    const auto length = static_cast<std::uint16_t>(to.size() - begin);
    std::memcpy(&to[begin], &length, sizeof(length));
}

std::uint16_t wire_family(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

/// The kernel's union nf_inet_addr: 16 bytes for either family.
void put_address(Bytes& to, std::uint16_t type, const Address& address) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    put(to, type, bytes);
}

void put_key(Bytes& to, const ServiceKey& key) {
    put_number<std::uint16_t>(to, IPVS_SVC_ATTR_AF, wire_family(family(key)));
    std::visit(overloaded{
                   [&](const VirtualEndpoint& virt) {
                       const auto protocol = static_cast<std::uint8_t>(virt.protocol);
                       put_number<std::uint16_t>(to, IPVS_SVC_ATTR_PROTOCOL, protocol);
                       put_address(to, IPVS_SVC_ATTR_ADDR, virt.endpoint.address);
                       put_number<std::uint16_t>(to, IPVS_SVC_ATTR_PORT, htons(virt.endpoint.port));
                   },
                   [&](const FirewallMark& mark) {
                       put_number<std::uint32_t>(to, IPVS_SVC_ATTR_FWMARK, mark.mark);
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

void put_options(Bytes& to, Family family, const ServiceOptions& options) {
    ip_vs_flags flags{.flags = options.scheduler_flags & wire::scheduler_flags, .mask = our_flags};
    if (options.persistence) flags.flags |= IP_VS_SVC_F_PERSISTENT;
    if (options.one_packet) flags.flags |= IP_VS_SVC_F_ONEPACKET;
    const std::uint32_t timeout = options.persistence ? options.persistence->timeout_seconds : 0;
    put_text(to, IPVS_SVC_ATTR_SCHED_NAME, options.scheduler);
    put_number(to, IPVS_SVC_ATTR_FLAGS, flags);
    put_number<std::uint32_t>(to, IPVS_SVC_ATTR_TIMEOUT, timeout);
    put_number<std::uint32_t>(to, IPVS_SVC_ATTR_NETMASK, wire_netmask(family, options.persistence));
    if (options.persistence && !options.persistence->engine.empty()) {
        put_text(to, IPVS_SVC_ATTR_PE_NAME, options.persistence->engine);
    }
}

void put_key(Bytes& to, const DestinationKey& key) {
    put_address(to, IPVS_DEST_ATTR_ADDR, key.address);
    put_number<std::uint16_t>(to, IPVS_DEST_ATTR_PORT, htons(key.port));
    put_number<std::uint16_t>(to, IPVS_DEST_ATTR_ADDR_FAMILY, wire_family(key.address.family()));
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
    return static_cast<std::uint32_t>(forwarding) - wire::unnamed_forwarding;
}

void put_destination(Bytes& to, const Destination& destination) {
    const auto weight = static_cast<std::uint32_t>(destination.weight);
    const auto type = static_cast<std::uint8_t>(destination.tunnel.type);
    const auto checksum = static_cast<std::uint16_t>(destination.tunnel.checksum);
    put_number<std::uint32_t>(to, IPVS_DEST_ATTR_FWD_METHOD,
                              wire_forwarding(destination.forwarding));
    put_number<std::uint32_t>(to, IPVS_DEST_ATTR_WEIGHT, weight);
    put_number<std::uint32_t>(to, IPVS_DEST_ATTR_U_THRESH, destination.upper_threshold);
    put_number<std::uint32_t>(to, IPVS_DEST_ATTR_L_THRESH, destination.lower_threshold);
    put_number<std::uint8_t>(to, IPVS_DEST_ATTR_TUN_TYPE, type);
    put_number<std::uint16_t>(to, IPVS_DEST_ATTR_TUN_PORT, htons(destination.tunnel.port));
    put_number<std::uint16_t>(to, IPVS_DEST_ATTR_TUN_FLAGS, checksum);
}

void put_service(Bytes& to, const ServiceKey& key, const ServiceOptions* options) {
    put_nested(to, IPVS_CMD_ATTR_SERVICE, [&] {
        put_key(to, key);
        if (options != nullptr) put_options(to, family(key), *options);
    });
}

void put_destination(Bytes& to, const ServiceKey& service, const DestinationKey& key,
                     const Destination* destination) {
    put_service(to, service, nullptr);
    put_nested(to, IPVS_CMD_ATTR_DEST, [&] {
        put_key(to, key);
        if (destination != nullptr) put_destination(to, *destination);
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

}  // namespace

void append_change(Bytes& to, const Envelope& envelope, const Change& change) {
    Request request(to, envelope, std::visit(Command{}, change), NLM_F_ACK);
    std::visit(
        [&](const auto& write) {
            if constexpr (requires { write.destination; }) {
                put_destination(to, write.service, write.key, &write.destination);
            } else if constexpr (requires { write.key; }) {
                put_destination(to, write.service, write.key, nullptr);
            } else if constexpr (requires { write.options; }) {
                put_service(to, write.service, &write.options);
            } else {
                put_service(to, write.service, nullptr);
            }
        },
        change);
}

void append_get_service(Bytes& to, const Envelope& envelope, const ServiceKey& service) {
    Request request(to, envelope, IPVS_CMD_GET_SERVICE, 0);
    put_service(to, service, nullptr);
}

void append_dump_services(Bytes& to, const Envelope& envelope) {
    Request(to, envelope, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
}

void append_dump_destinations(Bytes& to, const Envelope& envelope, const ServiceKey& service) {
    Request request(to, envelope, IPVS_CMD_GET_DEST, NLM_F_DUMP);
    put_service(to, service, nullptr);
}

void append_get_timeouts(Bytes& to, const Envelope& envelope) {
    Request(to, envelope, IPVS_CMD_GET_CONFIG, 0);
}

void append_set_timeouts(Bytes& to, const Envelope& envelope, const Timeouts& timeouts) {
    Request request(to, envelope, IPVS_CMD_SET_CONFIG, NLM_F_ACK);
    put_number<std::uint32_t>(to, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp_seconds);
    put_number<std::uint32_t>(to, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin_seconds);
    put_number<std::uint32_t>(to, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp_seconds);
}

}  // namespace vipd::ipvs
