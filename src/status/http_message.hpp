#pragma once
// A request and its response as values, so that all of the API is a pure function; status_server
// does the I/O.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vipd {

/// Who is at the other end of the Unix socket (SO_PEERCRED).
struct Caller {
    std::uint32_t uid = 0;
    std::int32_t pid = 0;

    bool operator==(const Caller&) const = default;
};

struct HttpRequest {
    std::string method;
    std::string target;  // as received: path and query, percent-encoded
    std::vector<std::string> accept;  // one for each Accept line
    std::string if_none_match;
    std::string last_event_id;
    std::string body;
    /// Present exactly when the request came over the Unix socket: only there may anything be
    /// changed.
    std::optional<Caller> caller;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    /// Shared between connections that asked the same of the same snapshot.
    std::shared_ptr<const std::string> body;
};

HttpResponse json_response(unsigned status, std::string json);
HttpResponse text_response(unsigned status, std::string text);

/// {"error": code, "message": sentence}. `code` is stable.
HttpResponse error_response(unsigned status, const std::string& code, const std::string& message);

}  // namespace vipd
