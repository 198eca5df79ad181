#pragma once
// The URL of an HTTP monitor, taken apart. Only what a probe needs: no user, no fragment, no
// relative forms (RFC 3986 §3).

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vipd {

struct Url {
    std::string scheme;  // lower case
    /// A name or an address, without brackets.
    std::string host;
    bool host_is_ipv6 = false;
    /// Only if written.
    std::optional<std::uint16_t> port;
    /// Path and query; begins with '/'.
    std::string target = "/";

    /// The Host header (RFC 9110 §7.2): host, with the port if one is written.
    std::string authority() const;

    bool operator==(const Url&) const = default;
};

/// Says what would have been accepted, as the end of "expected …".
struct UrlError {
    UrlError() = default;
    explicit UrlError(std::string text) : accepted(std::move(text)) {}
    std::string accepted;
};

boost::system::result<Url, UrlError> parse_url(std::string_view text);

}  // namespace vipd
