// Watches from outside what programs in this network namespace write to the kernel's IPVS table and
// addresses: reads the nlmon device given and prints a line for each request and for each
// acknowledgement, with the kernel's time stamp.
//   lab_netlink_watch DEVICE >> LOG
//   1700000000.123456 request ipvs new_dest seq=7 v4
//   1700000000.123460 answer 0 seq=7
// Requests that only read (get, dump) are not printed, and neither are answers to them. The device
// is made with `ip link add DEVICE type nlmon`.

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <string>

namespace {

const std::map<int, std::string> ipvs_writes{{IPVS_CMD_NEW_SERVICE, "new_service"},
                                             {IPVS_CMD_SET_SERVICE, "set_service"},
                                             {IPVS_CMD_DEL_SERVICE, "del_service"},
                                             {IPVS_CMD_NEW_DEST, "new_dest"},
                                             {IPVS_CMD_SET_DEST, "set_dest"},
                                             {IPVS_CMD_DEL_DEST, "del_dest"},
                                             {IPVS_CMD_NEW_DAEMON, "new_daemon"},
                                             {IPVS_CMD_DEL_DAEMON, "del_daemon"},
                                             {IPVS_CMD_SET_CONFIG, "set_config"},
                                             {IPVS_CMD_ZERO, "zero"},
                                             {IPVS_CMD_FLUSH, "flush"}};
const std::map<int, std::string> address_writes{{RTM_NEWADDR, "new_address"},
                                                {RTM_DELADDR, "del_address"}};

std::set<unsigned> awaiting;  // sequence numbers; a sender may leave its port id out of the request

int resolve_ipvs() {
    nl_sock* socket = nl_socket_alloc();
    genl_connect(socket);
    const int family = genl_ctrl_resolve(socket, IPVS_GENL_NAME);
    nl_socket_free(socket);
    return family;  // negative: no IPVS in this kernel, then only addresses are watched
}

std::string write_name(int protocol, const nlmsghdr& header, int ipvs_family) {
    if (protocol == NETLINK_GENERIC && header.nlmsg_type == ipvs_family) {
        genlmsghdr generic{};
        std::memcpy(&generic, nlmsg_data(&header), sizeof generic);
        const auto found = ipvs_writes.find(generic.cmd);
        return found == ipvs_writes.end() ? "" : "ipvs " + found->second;
    }
    if (protocol == NETLINK_ROUTE) {
        const auto found = address_writes.find(header.nlmsg_type);
        return found == address_writes.end() ? "" : "address " + found->second;
    }
    return {};
}

/// "v4" or "v6", from the service that an IPVS request names; "-" where it names none, as a flush.
const char* family_name(const nlmsghdr& header) {
    // The library takes a header it may write to, and does not.
    auto* message = const_cast<nlmsghdr*>(&header);
    nlattr* attributes[IPVS_CMD_ATTR_MAX + 1];
    if (genlmsg_parse(message, 0, attributes, IPVS_CMD_ATTR_MAX, nullptr) < 0) return "-";
    if (attributes[IPVS_CMD_ATTR_SERVICE] == nullptr) return "-";
    nlattr* service[IPVS_SVC_ATTR_MAX + 1];
    if (nla_parse_nested(service, IPVS_SVC_ATTR_MAX, attributes[IPVS_CMD_ATTR_SERVICE], nullptr) <
        0)
        return "-";
    if (service[IPVS_SVC_ATTR_AF] == nullptr) return "-";
    return nla_get_u16(service[IPVS_SVC_ATTR_AF]) == AF_INET6 ? "v6" : "v4";
}

void print_request(const timeval& at, int protocol, const nlmsghdr& header, int ipvs_family) {
    const auto name = write_name(protocol, header, ipvs_family);
    if (name.empty()) return;
    awaiting.insert(header.nlmsg_seq);
    const char* family = protocol == NETLINK_GENERIC ? family_name(header) : "-";
    std::printf("%ld.%06ld request %s seq=%u %s\n", at.tv_sec, at.tv_usec, name.c_str(),
                header.nlmsg_seq, family);
}

void print_answer(const timeval& at, const nlmsghdr& header) {
    if (awaiting.erase(header.nlmsg_seq) == 0) return;
    nlmsgerr answer{};
    std::memcpy(&answer, nlmsg_data(&header), sizeof answer);
    std::printf("%ld.%06ld answer %d seq=%u\n", at.tv_sec, at.tv_usec, -answer.error,
                header.nlmsg_seq);
}

timeval stamp(msghdr& message) {
    timeval at{};
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_TIMESTAMP)
            std::memcpy(&at, CMSG_DATA(part), sizeof at);
    return at;
}

int open_monitor(const char* device) {
    const int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
    sockaddr_ll local{};
    local.sll_family = AF_PACKET;
    local.sll_protocol = htons(ETH_P_ALL);
    local.sll_ifindex = static_cast<int>(if_nametoindex(device));
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on);
    const int size = 8 << 20;  // a burst of 10,000 writes must not be lost: the count is the point
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    if (descriptor < 0 || bind(descriptor, reinterpret_cast<sockaddr*>(&local), sizeof local) < 0)
        return -1;
    return descriptor;
}

}  // namespace

int main(int argc, char** argv) {
    const int monitor = argc == 2 ? open_monitor(argv[1]) : -1;
    if (monitor < 0) {
        std::perror("lab_netlink_watch DEVICE");
        return 1;
    }
    const int ipvs_family = resolve_ipvs();
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    alignas(nlmsghdr) static char buffer[1 << 20];
    for (;;) {
        sockaddr_ll from{};
        alignas(cmsghdr) char control[256];
        iovec part{.iov_base = buffer, .iov_len = sizeof buffer};
        msghdr message{};
        message.msg_name = &from;
        message.msg_namelen = sizeof from;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto left = static_cast<int>(recvmsg(monitor, &message, 0));
        if (left < 0) return 1;
        const auto at = stamp(message);
        const int protocol = ntohs(from.sll_protocol);
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer); nlmsg_ok(header, left);
             header = nlmsg_next(header, &left)) {
            // The link layer does not tell the direction: every packet on nlmon counts as outgoing.
            if ((header->nlmsg_flags & NLM_F_REQUEST) != 0)
                print_request(at, protocol, *header, ipvs_family);
            if (header->nlmsg_type == NLMSG_ERROR) print_answer(at, *header);
        }
    }
}
