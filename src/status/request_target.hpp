#pragma once
// The path and query of a request, taken apart.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

struct RequestTarget {
    /// Between the slashes, percent-decoded: "/v1/services/text%2Dhttp" is {"v1", "services",
    /// "text-http"}. A slash at the end adds nothing; a decoded slash stays inside its segment.
    std::vector<std::string> path;
    /// "?summary&limit=5" is {"limit": "5", "summary": ""}. The last of several with the same name
    /// counts.
    std::map<std::string, std::string, std::less<>> query;

    bool operator==(const RequestTarget&) const = default;

    /// Nothing when it does not begin with a slash, has a malformed escape or more than 16 segments
    /// or parameters.
    static std::optional<RequestTarget> parse(std::string_view text);

    /// The parameter is there and does not say no ("0", "false", "no").
    bool flag(std::string_view name) const;
    /// The parameter's text; empty when absent.
    std::string text(std::string_view name) const;
};

}  // namespace vipd
