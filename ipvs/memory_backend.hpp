#pragma once
// The table and the VIP addresses without a kernel: for trying vipd out, and for tests.
// Refuses what the kernel refuses, with the kernel's error numbers; records every change that was
// asked for.

#include "ipvs/backend.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace vipd::ipvs {

class MemoryBackend final : public Backend {
public:
    MemoryBackend() = default;
    explicit MemoryBackend(Table table) : table_(std::move(table)) {}

    boost::system::result<Table, KernelError> read() override;
    std::vector<Applied> apply(std::span<const Change> changes) override;
    boost::system::result<std::optional<ServiceReading>, KernelError> read_service(
        const ServiceKey& key) override;
    boost::system::result<Timeouts, KernelError> read_timeouts() override;
    boost::system::result<void, KernelError> set_timeouts(const Timeouts& timeouts) override;

    const Table& table() const { return table_; }
    /// As somebody else would with ipvsadm: unchecked, not recorded.
    Table& behind_our_back() { return table_; }

    /// Everything that apply() was asked for, refused or not.
    const std::vector<Change>& recorded() const { return recorded_; }
    void forget_recorded() { recorded_.clear(); }

    /// The n-th change from now on (1 is the next) is refused with `error`.
    void refuse_nth(std::size_t n, KernelError error);
    /// Every change of this target is refused until allow().
    void refuse(const Target& target, KernelError error);
    void allow(const Target& target) { refused_targets_.erase(target); }
    /// Every read fails until it is cleared.
    void fail_reads(std::optional<KernelError> error) { read_error_ = std::move(error); }

    std::size_t reads() const { return reads_; }

private:
    std::optional<KernelError> planned_refusal(const Change& change);

    Table table_;
    Timeouts timeouts_{900, 120, 300};  // the kernel's own (ip_vs_proto_tcp.c, ip_vs_proto_udp.c)
    std::vector<Change> recorded_;
    std::map<std::size_t, KernelError> refused_numbers_;  // by count of recorded changes
    std::map<Target, KernelError> refused_targets_;
    std::optional<KernelError> read_error_;
    std::size_t count_ = 0;
    std::size_t reads_ = 0;
};

class MemoryAddresses final : public AddressBackend {
public:
    MemoryAddresses() = default;
    explicit MemoryAddresses(std::set<VipAddress> present) : present_(std::move(present)) {}

    boost::system::result<std::set<VipAddress>, KernelError> read() override;
    boost::system::result<bool, KernelError> present(const std::string& interface,
                                                     const Address& address) override;
    boost::system::result<void, KernelError> add(const std::string& interface,
                                                 const Address& address) override;
    boost::system::result<void, KernelError> remove(const std::string& interface,
                                                    const Address& address) override;

    std::set<VipAddress>& behind_our_back() { return present_; }
    /// Writes asked for: the address, and whether it was to be added.
    const std::vector<std::pair<VipAddress, bool>>& recorded() const { return recorded_; }
    /// Every write is refused until it is cleared.
    void refuse(std::optional<KernelError> error) { error_ = std::move(error); }

private:
    std::set<VipAddress> present_;
    std::vector<std::pair<VipAddress, bool>> recorded_;
    std::optional<KernelError> error_;
};

}  // namespace vipd::ipvs
