#include "bgp/attribute_pool.hpp"

namespace vipd::bgp {

AttributePool::Id AttributePool::acquire(const RouteAttributes& attributes) {
    const auto found = ids_.find(attributes);
    if (found != ids_.end()) {
        acquire(found->second);
        return found->second;
    }
    Id id = static_cast<Id>(slots_.size());
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    slots_[id] = {ids_.emplace(attributes, id).first, 1};
    return id;
}

void AttributePool::acquire(Id id) {
    if (id != none) ++slots_[id].uses;
}

void AttributePool::release(Id id) {
    if (id == none || --slots_[id].uses > 0) return;
    ids_.erase(slots_[id].entry);
    free_.push_back(id);
}

}  // namespace vipd::bgp
