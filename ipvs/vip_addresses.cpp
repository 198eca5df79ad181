// Addresses on the host's interfaces, through route netlink (libnl-route-3).

#include "ipvs/netlink_backend.hpp"

#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace vipd::ipvs {

namespace {

constexpr std::uint32_t for_ever = 0xffffffff;

struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Free>;

/// libnl's error numbers are its own; these are the ones that route netlink's answers turn into.
KernelError error_of(int result) {
    switch (-result) {
        case NLE_PERM:
        case NLE_NOACCESS:
            return {EPERM, "not permitted: vipd needs CAP_NET_ADMIN"};
        case NLE_NODEV:
            return {ENODEV, "no such interface"};
        case NLE_NOMEM:
            return {ENOMEM, nl_geterror(result)};
        default:
            return {EIO, nl_geterror(result)};
    }
}

std::optional<Address> address_of(const nl_addr* address) {
    if (address == nullptr) return std::nullopt;
    const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
    return Address::from_bytes({bytes, nl_addr_get_len(address)});
}

std::string interface_name(int index) {
    std::array<char, IF_NAMESIZE> name{};
    const char* found = if_indextoname(static_cast<unsigned>(index), name.data());
    return found == nullptr ? std::string() : std::string(found);
}

/// The address as a VIP is put on an interface: alone in its prefix; IPv6 without duplicate
/// detection, which would delay it and find the other balancers, and never preferred, so that it is
/// no source address (RFC 6724 section 5).
boost::system::result<Owned<rtnl_addr>, KernelError> vip_on(const std::string& interface,
                                                            const Address& address) {
    const unsigned index = if_nametoindex(interface.c_str());
    if (index == 0) return KernelError{ENODEV, "no interface " + interface};
    const auto bytes = address.bytes();
    const int family = address.is_ipv4() ? AF_INET : AF_INET6;
    const Owned<nl_addr> local(nl_addr_build(family, bytes.data(), bytes.size()));
    Owned<rtnl_addr> vip(rtnl_addr_alloc());
    if (!local || !vip) throw std::bad_alloc();
    rtnl_addr_set_ifindex(vip.get(), static_cast<int>(index));
    const int result = rtnl_addr_set_local(vip.get(), local.get());
    if (result < 0) return error_of(result);
    if (!address.is_ipv4()) {
        rtnl_addr_set_flags(vip.get(), IFA_F_NODAD);
        rtnl_addr_set_valid_lifetime(vip.get(), for_ever);
        rtnl_addr_set_preferred_lifetime(vip.get(), 0);
    }
    return vip;
}

class HostAddresses final : public AddressBackend {
public:
    explicit HostAddresses(Owned<nl_sock> socket) : socket_(std::move(socket)) {}

    boost::system::result<std::set<VipAddress>, KernelError> read() override;
    boost::system::result<bool, KernelError> present(const std::string& interface,
                                                     const Address& address) override;
    boost::system::result<void, KernelError> add(const std::string& interface,
                                                 const Address& address) override;
    boost::system::result<void, KernelError> remove(const std::string& interface,
                                                    const Address& address) override;

private:
    Owned<nl_sock> socket_;
};

boost::system::result<std::set<VipAddress>, KernelError> HostAddresses::read() {
    nl_cache* filled = nullptr;
    const int result = rtnl_addr_alloc_cache(socket_.get(), &filled);
    if (result < 0) return error_of(result);
    const Owned<nl_cache> cache(filled);
    std::set<VipAddress> found;
    for (nl_object* object = nl_cache_get_first(cache.get()); object != nullptr;
         object = nl_cache_get_next(object)) {
        auto* entry = reinterpret_cast<rtnl_addr*>(object);
        const auto address = address_of(rtnl_addr_get_local(entry));
        if (address) found.insert({interface_name(rtnl_addr_get_ifindex(entry)), *address});
    }
    return found;
}

boost::system::result<bool, KernelError> HostAddresses::present(const std::string& interface,
                                                                const Address& address) {
    const auto all = read();
    if (!all) return all.error();
    return {boost::system::in_place_value, all->contains({interface, address})};
}

boost::system::result<void, KernelError> HostAddresses::add(const std::string& interface,
                                                            const Address& address) {
    const auto vip = vip_on(interface, address);
    if (!vip) return vip.error();
    const int result = rtnl_addr_add(socket_.get(), vip->get(), NLM_F_CREATE | NLM_F_EXCL);
    if (result < 0 && result != -NLE_EXIST) return error_of(result);
    return {};
}

boost::system::result<void, KernelError> HostAddresses::remove(const std::string& interface,
                                                               const Address& address) {
    const auto vip = vip_on(interface, address);
    if (!vip && vip.error().code == ENODEV) return {};  // gone with its interface
    if (!vip) return vip.error();
    const int result = rtnl_addr_delete(socket_.get(), vip->get(), 0);
    if (result < 0 && result != -NLE_NOADDR && result != -NLE_OBJ_NOTFOUND) return error_of(result);
    return {};
}

}  // namespace

std::unique_ptr<AddressBackend> open_host_addresses() {
    Owned<nl_sock> socket(nl_socket_alloc());
    if (!socket) throw std::bad_alloc();
    const int result = nl_connect(socket.get(), NETLINK_ROUTE);
    if (result < 0) {
        throw std::runtime_error(std::string("cannot open a route netlink socket: ") +
                                 nl_geterror(result));
    }
    return std::make_unique<HostAddresses>(std::move(socket));
}

}  // namespace vipd::ipvs
