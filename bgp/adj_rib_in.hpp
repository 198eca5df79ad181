#pragma once
// Adj-RIB-In as far as we care (RFC 4271 §3.2): how many prefixes the peer announces. Bounded,
// whatever it sends.

#include "bgp/message.hpp"
#include "bgp/types.hpp"

#include <array>
#include <cstddef>
#include <set>

namespace vipd::bgp {

class AdjRibIn {
public:
    explicit AdjRibIn(std::size_t limit) : limit_(limit) {}

    void take(const Update& update);
    void clear();
    void set_limit(std::size_t limit) { limit_ = limit; }

    /// Those known; no more than the limit in all.
    std::size_t count(Family family) const { return counts_[static_cast<std::size_t>(family)]; }
    /// The peer announced more than the limit in this session. Stays true: what was not kept cannot
    /// be counted down.
    bool exceeded() const { return exceeded_; }

private:
    void announce(const Prefix& prefix);

    std::size_t limit_;
    std::set<Prefix> prefixes_;
    std::array<std::size_t, 2> counts_{};
    bool exceeded_ = false;
};

}  // namespace vipd::bgp
