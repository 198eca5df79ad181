#pragma once
// What is wrong with a service although the kernel may take it: each finding names the remedy.
// Pure; the config reader calls it for every service, so that nobody meets these in production.

#include "ipvs/table.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vipd::ipvs {

enum class Severity {
    hint,  // works, could be better
    warning,  // works until something happens
    error,  // cannot work
};

std::string to_string(Severity severity);

struct Problem {
    Severity severity = Severity::error;
    std::string code;  // lower-case words with dashes, stable
    std::string found;  // what is, and what comes of it
    std::string remedy;  // what to do instead: "use forwarding nat"
    /// Absent: it is about the service as a whole.
    std::optional<DestinationKey> destination{};

    /// Both in one: "found: remedy".
    std::string text() const { return found + ": " + remedy; }

    bool operator==(const Problem&) const = default;
};

/// Everything that is wrong, the service's own problems first, then its destinations' in order.
std::vector<Problem> check(const ServiceKey& key, const Service& service);

}  // namespace vipd::ipvs
