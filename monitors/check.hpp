#pragma once
// What to check, one struct a monitor type: values only, made by the config reader, run by the
// engine.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vipd::monitors {

/// tcp: the connection is accepted.
struct TcpCheck {
    bool operator==(const TcpCheck&) const = default;
};

/// Inclusive range of HTTP status codes, 100..599.
struct StatusRange {
    std::uint16_t first = 200;
    std::uint16_t last = 200;
    bool operator==(const StatusRange&) const = default;
};

/// http: one HTTP/1.1 request, answered in full with an accepted status. Redirects are asserted,
/// not followed.
struct HttpCheck {
    std::string method = "GET";
    /// Host header, with the port where the URL has one.
    std::string host;
    /// Path and query, starting with '/'.
    std::string target = "/";
    std::vector<StatusRange> status{StatusRange{}};
    bool operator==(const HttpCheck&) const = default;
};

using Check = std::variant<TcpCheck, HttpCheck>;

/// "tcp", "http": the type's name in the configuration.
std::string type_name(const Check& check);

/// Equal checks hash alike.
std::size_t hash_value(const Check& check);

}  // namespace vipd::monitors
