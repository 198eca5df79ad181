#pragma once
// Equal route attributes stored once and named by a small number, counted by who uses them.

#include "bgp/types.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace vipd::bgp {

class AttributePool {
public:
    /// 0 is never given out: it means no attributes.
    using Id = std::uint32_t;
    static constexpr Id none = 0;

    /// The name of `attributes`, now used once more.
    Id acquire(const RouteAttributes& attributes);
    void acquire(Id id);
    /// Used once less; forgotten when not used any more. `none` is allowed.
    void release(Id id);

    const RouteAttributes& operator[](Id id) const { return slots_[id].entry->first; }
    std::size_t size() const { return ids_.size(); }

private:
    using Ids = std::map<RouteAttributes, Id>;
    struct Slot {
        Ids::const_iterator entry;
        std::size_t uses = 0;
    };

    Ids ids_;
    std::vector<Slot> slots_{1};
    std::vector<Id> free_;
};

}  // namespace vipd::bgp
