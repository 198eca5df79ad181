#pragma once
// A host name in one word.

#include "src/status/snapshot.hpp"

#include <string_view>

namespace vipd {

enum class NameState {
    good,
    stale,  // an earlier answer is used
    unresolved,
};

NameState state_of(const NameView& name);
/// "good", "stale" or "unresolved".
std::string_view to_string(NameState state);

}  // namespace vipd
