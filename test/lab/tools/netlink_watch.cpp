// Watches from outside what programs in this network namespace write to the kernel's IPVS table and
// addresses: reads the nlmon device given and prints a line for each request and for each
// acknowledgement, with the kernel's time stamp.
//   lab_netlink_watch DEVICE >> LOG
//   1700000000.123456 request ipvs new_dest seq=7 v4 WHICH WHAT
//   1700000000.123460 answer 0 seq=7
// WHICH names the entry and WHAT is all that is said of it, as attributes in hexadecimal.
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

using Attribute = const nlattr*;

std::string hex(Attribute attribute) {
    std::string text;
    const auto* bytes = static_cast<const unsigned char*>(nla_data(attribute));
    for (int i = 0; i < nla_len(attribute); ++i) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
        text += digits;
    }
    return text;
}

/// What an IPVS request is about, as far as it can be seen from outside.
struct Content {
    const char* family = "-";  // of the service; "-" where it names none, as a flush
    std::string subject = "-";  // which service, or service/destination
    std::string value = "-";  // everything else that is said of it
};

/// Takes the attributes in a nest: those in `names` tell which entry it is, the others what it is.
void read_nest(Attribute nest, const std::set<int>& names, std::string& subject,
               std::string& value) {
    Attribute attribute = nullptr;
    int left = 0;
    nla_for_each_nested(attribute, const_cast<nlattr*>(nest), left) {
        auto& into = names.contains(nla_type(attribute)) ? subject : value;
        into += std::to_string(nla_type(attribute)) + "=" + hex(attribute) + ";";
    }
}

Content read_content(const nlmsghdr& header) {
    // The library takes a header it may write to, and does not.
    auto* message = const_cast<nlmsghdr*>(&header);
    Content content;
    nlattr* attributes[IPVS_CMD_ATTR_MAX + 1];
    if (genlmsg_parse(message, 0, attributes, IPVS_CMD_ATTR_MAX, nullptr) < 0) return content;
    const auto* service = attributes[IPVS_CMD_ATTR_SERVICE];
    if (service == nullptr) return content;
    content.subject.clear();
    content.value.clear();
    read_nest(service,
              {IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT,
               IPVS_SVC_ATTR_FWMARK},
              content.subject, content.value);
    if (const auto* destination = attributes[IPVS_CMD_ATTR_DEST]) {
        content.subject += "/";
        content.value.clear();
        read_nest(destination, {IPVS_DEST_ATTR_ADDR, IPVS_DEST_ATTR_PORT}, content.subject,
                  content.value);
    }
    if (content.value.empty()) content.value = "-";
    auto* family =
        nla_find(static_cast<nlattr*>(nla_data(service)), nla_len(service), IPVS_SVC_ATTR_AF);
    if (family != nullptr) content.family = nla_get_u16(family) == AF_INET6 ? "v6" : "v4";
    return content;
}

void print_request(const timeval& at, int protocol, const nlmsghdr& header, int ipvs_family) {
    const auto name = write_name(protocol, header, ipvs_family);
    if (name.empty()) return;
    awaiting.insert(header.nlmsg_seq);
    const auto content = protocol == NETLINK_GENERIC ? read_content(header) : Content{};
    std::printf("%ld.%06ld request %s seq=%u %s %s %s\n", at.tv_sec, at.tv_usec, name.c_str(),
                header.nlmsg_seq, content.family, content.subject.c_str(), content.value.c_str());
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
