#include "ipvs/memory_backend.hpp"

#include "ipvs/diff.hpp"
#include "src/base/overloaded.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

namespace vipd::ipvs {

namespace {

KernelError kernel_error(int code) {
    return {code, std::strerror(code)};
}

// The kernel's checks: net/netfilter/ipvs/ip_vs_ctl.c, functions ip_vs_genl_set_cmd,
// ip_vs_add_service, ip_vs_edit_service, ip_vs_add_dest, ip_vs_new_dest and ip_vs_edit_dest. 0: no
// objection.

constexpr std::array<std::string_view, 15> kernel_schedulers = {
    "rr",  "wrr", "lc", "wlc", "lblc", "lblcr", "dh",  "sh",
    "sed", "nq",  "fo", "ovf", "mh",   "twos",  "none"};

int check_options(const ServiceKey& key, const ServiceOptions& options) {
    if (options.scheduler.size() >= 16) return EINVAL;  // IP_VS_SCHEDNAME_MAXLEN
    if (std::ranges::find(kernel_schedulers, options.scheduler) == kernel_schedulers.end())
        return ENOENT;
    if (!options.persistence) return 0;
    if (!options.persistence->engine.empty() && options.persistence->engine != "sip") return ENOENT;
    const int prefix_length = options.persistence->prefix_length;
    if (family(key) == Family::ipv6 && (prefix_length < 1 || prefix_length > 128)) return EINVAL;
    return 0;
}

bool is_broadcast(const Address& address) {
    return address.is_ipv4() &&
           std::ranges::all_of(address.bytes(), [](std::uint8_t byte) { return byte == 0xff; });
}

int check_destination(const ServiceKey& service, const DestinationKey& key,
                      const Destination& destination) {
    const bool same_family = key.address.family() == family(service);
    if (!same_family && destination.forwarding != Forwarding::tunnel) return EINVAL;
    if (destination.weight < 0) return ERANGE;
    if (destination.lower_threshold > destination.upper_threshold) return ERANGE;
    if (destination.tunnel.type == TunnelType::gue && destination.tunnel.port == 0) return EINVAL;
    return 0;
}

int check_new_destination(const Address& address) {
    const bool unicast = !address.is_multicast() && !address.is_unspecified() &&
                         !address.is_link_local() && !is_broadcast(address);
    return unicast ? 0 : EINVAL;
}

class Check {
public:
    explicit Check(const Table& table) : table_(table) {}

    int operator()(const AddService& add) const {
        return find(add.service) != nullptr ? EEXIST : check_options(add.service, add.options);
    }
    int operator()(const EditService& edit) const {
        return find(edit.service) == nullptr ? ESRCH : check_options(edit.service, edit.options);
    }
    int operator()(const RemoveService& remove) const {
        return find(remove.service) == nullptr ? ESRCH : 0;
    }
    int operator()(const AddDestination& add) const {
        const Service* service = find(add.service);
        if (service == nullptr) return ESRCH;
        const int objection = check_destination(add.service, add.key, add.destination);
        if (objection != 0) return objection;
        if (service->destinations.contains(add.key)) return EEXIST;
        return check_new_destination(add.key.address);
    }
    int operator()(const EditDestination& edit) const {
        const Service* service = find(edit.service);
        if (service == nullptr) return ESRCH;
        const int objection = check_destination(edit.service, edit.key, edit.destination);
        if (objection != 0) return objection;
        return service->destinations.contains(edit.key) ? 0 : ENOENT;
    }
    int operator()(const RemoveDestination& remove) const {
        const Service* service = find(remove.service);
        if (service == nullptr) return ESRCH;
        return service->destinations.contains(remove.key) ? 0 : ENOENT;
    }

private:
    const Service* find(const ServiceKey& key) const {
        const auto found = table_.find(key);
        return found == table_.end() ? nullptr : &found->second;
    }

    const Table& table_;
};

}  // namespace

boost::system::result<Table, KernelError> MemoryBackend::read() {
    ++reads_;
    if (read_error_) return *read_error_;
    return table_;
}

std::vector<Applied> MemoryBackend::apply(std::span<const Change> changes) {
    std::vector<Applied> answers;
    answers.reserve(changes.size());
    for (const Change& change : changes) {
        recorded_.push_back(change);
        auto error = planned_refusal(change);
        if (!error) {
            const int code = std::visit(Check{table_}, change);
            if (code != 0) error = kernel_error(code);
        }
        if (!error) carry_out(table_, change);
        answers.push_back({change, std::move(error)});
    }
    return answers;
}

boost::system::result<std::optional<ServiceReading>, KernelError> MemoryBackend::read_service(
    const ServiceKey& key) {
    ++reads_;
    if (read_error_) return *read_error_;
    const auto found = table_.find(key);
    if (found == table_.end()) return std::optional<ServiceReading>{};
    ServiceStatistics statistics;
    for (const auto& [destination, value] : found->second.destinations) {
        statistics.destinations[destination] = {};
    }
    return std::optional<ServiceReading>{{found->second, std::move(statistics)}};
}

boost::system::result<Timeouts, KernelError> MemoryBackend::read_timeouts() {
    return timeouts_;
}

boost::system::result<void, KernelError> MemoryBackend::set_timeouts(const Timeouts& timeouts) {
    // ip_vs_set_timeout: in jiffies they must fit an int; 250 a second is Debian's HZ.
    constexpr std::uint32_t longest = std::numeric_limits<std::int32_t>::max() / 250;
    if (std::max({timeouts.tcp_seconds, timeouts.tcp_fin_seconds, timeouts.udp_seconds}) >
        longest) {
        return kernel_error(EINVAL);
    }
    if (timeouts.tcp_seconds != 0) timeouts_.tcp_seconds = timeouts.tcp_seconds;
    if (timeouts.tcp_fin_seconds != 0) timeouts_.tcp_fin_seconds = timeouts.tcp_fin_seconds;
    if (timeouts.udp_seconds != 0) timeouts_.udp_seconds = timeouts.udp_seconds;
    return {};
}

void MemoryBackend::refuse_nth(std::size_t n, KernelError error) {
    refused_numbers_.insert_or_assign(count_ + n, std::move(error));
}

void MemoryBackend::refuse(const Target& target, KernelError error) {
    refused_targets_.insert_or_assign(target, std::move(error));
}

std::optional<KernelError> MemoryBackend::planned_refusal(const Change& change) {
    ++count_;
    if (const auto numbered = refused_numbers_.extract(count_)) return numbered.mapped();
    const auto target = refused_targets_.find(target_of(change));
    if (target == refused_targets_.end()) return std::nullopt;
    return target->second;
}

boost::system::result<std::set<VipAddress>, KernelError> MemoryAddresses::read() {
    return present_;
}

boost::system::result<bool, KernelError> MemoryAddresses::present(const std::string& interface,
                                                                  const Address& address) {
    return {boost::system::in_place_value, present_.contains({interface, address})};
}

boost::system::result<void, KernelError> MemoryAddresses::add(const std::string& interface,
                                                              const Address& address) {
    recorded_.emplace_back(VipAddress{interface, address}, true);
    if (error_) return *error_;
    present_.insert({interface, address});
    return {};
}

boost::system::result<void, KernelError> MemoryAddresses::remove(const std::string& interface,
                                                                 const Address& address) {
    recorded_.emplace_back(VipAddress{interface, address}, false);
    if (error_) return *error_;
    present_.erase({interface, address});
    return {};
}

}  // namespace vipd::ipvs
