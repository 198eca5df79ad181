#pragma once
// The state as text and back. Two lines of JSON: a header with version, length and checksum, then
// the content. Pure; any text gives a value or a reason why it is none.

#include "src/base/reason.hpp"
#include "src/state/state.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace vipd {

constexpr unsigned state_version = 1;

/// Why a text was not taken. Codes: state-damaged, state-newer.
struct StateProblem {
    Reason reason;
};

std::string to_text(const State& state);
boost::system::result<State, StateProblem> read_state(std::string_view text);

std::string to_text(const AcceptedConfig& accepted);
boost::system::result<AcceptedConfig, StateProblem> read_accepted_config(std::string_view text);

}  // namespace vipd
