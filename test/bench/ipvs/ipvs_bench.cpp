// How long a table of SERVICES x DESTINATIONS takes: by vipd's own path, by a bare sender as the
// limit, and in ipvsadm's language for comparison. Writes to the kernel's table of its network
// namespace: for the lab (test/bench/ipvs/run).
//   ipvs_bench rules SERVICES DESTINATIONS    what ipvsadm --restore takes
//   ipvs_bench fill SERVICES DESTINATIONS     from empty, as vipd does it
//   ipvs_bench bare SERVICES DESTINATIONS     from empty, by a loop that only encodes, sends and
//                                             counts: no table, no difference, no answer looked at
//   ipvs_bench read                           the whole table
//   ipvs_bench change SERVICES DESTINATIONS   adopt the table, then take one server out

#include "ipvs/diff.hpp"
#include "ipvs/keeper.hpp"
#include "ipvs/memory_backend.hpp"
#include "ipvs/netlink_backend.hpp"
#include "ipvs/netlink_reply.hpp"
#include "ipvs/netlink_request.hpp"
#include "ipvs/netlink_socket.hpp"

#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

constexpr std::size_t bare_window = 128;

Address numbered(std::uint8_t first, int number) {
    const std::uint8_t bytes[] = {first, 0, static_cast<std::uint8_t>(number / 250),
                                  static_cast<std::uint8_t>(1 + number % 250)};
    return Address::from_bytes(bytes).value();
}

WantedServices make_services(int services, int destinations) {
    WantedServices wanted;
    for (int i = 0; i < services; ++i) {
        Service service;
        for (int n = 0; n < destinations; ++n) {
            service.destinations[{numbered(10, (i * 7 + n) % 4000), 443}] = {};
        }
        wanted[VirtualEndpoint{Protocol::tcp, {numbered(203, i), 443}}] = std::move(service);
    }
    return wanted;
}

double seconds(const std::function<void()>& work) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

void print_rules(const WantedServices& wanted) {
    for (const auto& [key, service] : wanted) {
        const std::string vip = std::get<VirtualEndpoint>(key).endpoint.to_string();
        std::printf("-A -t %s -s wrr\n", vip.c_str());
        for (const auto& [server, destination] : service->destinations) {
            std::printf("-a -t %s -r %s -i -w 1\n", vip.c_str(), to_string(server).c_str());
        }
    }
}

class Vipd {
public:
    Vipd() : kernel_(open_kernel_table()), keeper_(*kernel_, addresses_, {}) {
        if (const auto report = keeper_.round({}, Clock::now()); !report || report->read_error) {
            throw std::runtime_error("the table cannot be read");
        }
    }

    /// The number of writes.
    std::size_t want(WantedServices services) {
        const auto report = keeper_.round({.services = std::move(services)}, Clock::now());
        if (!report || !report->in_sync) throw std::runtime_error("not in sync");
        return report->applied.size();
    }

private:
    std::unique_ptr<Backend> kernel_;
    MemoryAddresses addresses_;
    Keeper keeper_;
};

void fill(const WantedServices& wanted) {
    Vipd vipd;
    std::size_t writes = 0;
    auto copy = wanted;
    const double took = seconds([&] { writes = vipd.want(std::move(copy)); });
    std::printf("fill %.3f s, %zu writes\n", took, writes);
}

std::uint16_t ipvs_family() {
    nl_sock* socket = nl_socket_alloc();
    genl_connect(socket);
    const int family = genl_ctrl_resolve(socket, IPVS_GENL_NAME);
    nl_socket_free(socket);
    if (family < 0) throw std::runtime_error("no IPVS");
    return static_cast<std::uint16_t>(family);
}

void bare(const WantedServices& wanted) {
    const auto changes = diff({}, wanted);
    NetlinkSocket socket;
    const std::uint16_t family = ipvs_family();
    Bytes datagram;
    std::size_t acknowledged = 0;
    const double took = seconds([&] {
        for (std::size_t sent = 0; sent < changes.size();) {
            const std::size_t goal = std::min(sent + bare_window, changes.size());
            datagram.clear();
            for (; sent < goal; ++sent) {
                const Envelope envelope{family, socket.port(),
                                        static_cast<std::uint32_t>(sent + 1)};
                append_change(datagram, envelope, changes[sent]);
            }
            if (!socket.send(datagram)) throw std::runtime_error("cannot send");
            while (acknowledged < goal) {
                const auto messages = socket.receive();
                if (!messages) throw std::runtime_error("no answer");
                acknowledged += messages->size();
            }
        }
    });
    std::printf("bare %.3f s, %zu writes\n", took, acknowledged);
}

void read_all() {
    const auto kernel = open_kernel_table();
    std::size_t services = 0;
    std::size_t destinations = 0;
    const double took = seconds([&] {
        const auto table = kernel->read();
        if (!table) throw std::runtime_error("the table cannot be read");
        services = table->size();
        for (const auto& [key, service] : *table)
            destinations += service.destinations.size();
    });
    std::printf("read %.3f s, %zu services, %zu destinations\n", took, services, destinations);
}

void change(const WantedServices& wanted) {
    Vipd vipd;
    std::size_t writes = 0;
    auto copy = wanted;
    const double adopted = seconds([&] { writes = vipd.want(std::move(copy)); });
    std::printf("adopt %.4f s, %zu writes\n", adopted, writes);
    const auto middle = std::next(wanted.begin(), static_cast<std::ptrdiff_t>(wanted.size() / 2));
    Service smaller = *middle->second;
    smaller.destinations.erase(smaller.destinations.begin());
    const double changed = seconds([&] { writes = vipd.want({{middle->first, smaller}}); });
    std::printf("change %.6f s, %zu writes\n", changed, writes);
}

int run(const std::string& mode, int services, int destinations) {
    if (mode == "read") return read_all(), 0;
    const auto wanted = make_services(services, destinations);
    if (mode == "rules") return print_rules(wanted), 0;
    if (mode == "fill") return fill(wanted), 0;
    if (mode == "bare") return bare(wanted), 0;
    if (mode == "change") return change(wanted), 0;
    std::fprintf(stderr, "ipvs_bench: rules, fill, bare, read or change, not %s\n", mode.c_str());
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc > 1 ? argv[1] : "", argc > 2 ? std::atoi(argv[2]) : 0,
                   argc > 3 ? std::atoi(argv[3]) : 0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ipvs_bench: %s\n", error.what());
        return 1;
    }
}
