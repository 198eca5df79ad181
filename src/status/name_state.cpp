#include "src/status/name_state.hpp"

namespace vipd {

NameState state_of(const NameView& name) {
    if (name.addresses.empty()) return NameState::unresolved;
    return name.problem ? NameState::stale : NameState::good;
}

std::string_view to_string(NameState state) {
    switch (state) {
        case NameState::good:
            return "good";
        case NameState::stale:
            return "stale";
        case NameState::unresolved:
            return "unresolved";
    }
    return "invalid";
}

}  // namespace vipd
