#include "src/config/url.hpp"

#include "src/base/address.hpp"

#include <algorithm>
#include <charconv>

namespace vipd {

namespace {

constexpr std::size_t max_url = 2048;
constexpr std::size_t max_host = 253;  // RFC 1035 §2.3.4

bool is_visible_ascii(char byte) {
    return byte > 0x20 && byte < 0x7f;
}

bool is_host_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
}

bool is_name(std::string_view host) {
    return !host.empty() && host.size() <= max_host && std::ranges::all_of(host, is_host_byte) &&
           host.front() != '.' && host.front() != '-';
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, port);
    if (error != std::errc{} || rest != end || port == 0) return std::nullopt;
    return port;
}

struct HostPort {
    std::string_view host;
    std::string_view port;  // with its colon; empty if none is written
    bool bracketed = false;
};

std::optional<HostPort> split(std::string_view authority) {
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        return HostPort{authority.substr(1, close - 1), authority.substr(close + 1), true};
    }
    const auto colon = std::min(authority.find(':'), authority.size());
    return HostPort{authority.substr(0, colon), authority.substr(colon), false};
}

bool is_host(const HostPort& parts) {
    if (!parts.bracketed) return is_name(parts.host);
    const auto address = Address::parse(parts.host);
    return address && !address->is_ipv4();
}

}  // namespace

std::string Url::authority() const {
    auto text = host_is_ipv6 ? "[" + host + "]" : host;
    if (port) text += ":" + std::to_string(*port);
    return text;
}

boost::system::result<Url, UrlError> parse_url(std::string_view text) {
    if (text.size() > max_url)
        return UrlError("a URL of at most " + std::to_string(max_url) + " bytes");
    if (!std::ranges::all_of(text, is_visible_ascii)) {
        return UrlError(
            "a URL without spaces, control or non-ASCII characters (percent-encode them)");
    }
    const auto colon = std::min(text.find("://"), text.size());
    const auto scheme = text.substr(0, colon);
    if (colon == text.size() || (scheme != "http" && scheme != "https")) {
        return UrlError("a URL such as \"http://en.example.org/healthz\" (scheme http or https)");
    }
    const auto rest = text.substr(colon + 3);
    if (rest.find('#') != std::string_view::npos)
        return UrlError("a URL without a fragment (#...)");

    const auto path = std::min(rest.find_first_of("/?"), rest.size());
    const auto authority = rest.substr(0, path);
    if (authority.find('@') != std::string_view::npos)
        return UrlError("a URL without user or password");

    const auto parts = split(authority);
    if (!parts || !is_host(*parts)) {
        return UrlError("a host name, IPv4 address or [IPv6 address] after the scheme");
    }
    Url url{.scheme = std::string(scheme),
            .host = std::string(parts->host),
            .host_is_ipv6 = parts->bracketed,
            .port = std::nullopt,
            .target = std::string(rest.substr(path))};
    if (!parts->port.empty()) {
        url.port = parts->port.front() == ':' ? parse_port(parts->port.substr(1)) : std::nullopt;
        if (!url.port) return UrlError("a port from 1 to 65535 after the host");
    }
    if (!url.target.starts_with('/'))
        url.target.insert(0, "/");  // RFC 9110 §4.2.3: "http://host?query"
    return url;
}

}  // namespace vipd
