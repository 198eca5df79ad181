#include "monitors/http.hpp"

#include <algorithm>
#include <utility>

namespace vipd::monitors {

namespace {

HttpResponse::Options response_options(const HttpCheck& check) {
    HttpResponse::Options options;
    options.head_request = check.method == "HEAD";
    return options;
}

}  // namespace

std::string http_request(const HttpCheck& check) {
    return check.method + " " + check.target + " HTTP/1.1\r\nHost: " + check.host +
           "\r\nUser-Agent: vipd/" VIPD_VERSION "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

std::string accepted_text(const std::vector<StatusRange>& ranges) {
    std::string text;
    for (const auto& range : ranges) {
        if (!text.empty()) text += ", ";
        text += std::to_string(range.first);
        if (range.last != range.first) text += "-" + std::to_string(range.last);
    }
    return text;
}

HttpDialogue::HttpDialogue(const HttpCheck& check, const std::string& request)
    : check_(check), request_(request), response_(response_options(check)) {}

std::optional<Finding> HttpDialogue::begin() {
    return std::nullopt;
}

std::optional<Finding> HttpDialogue::receive(std::string_view bytes) {
    return conclude(response_.receive(bytes));
}

std::optional<Finding> HttpDialogue::end() {
    return conclude(response_.end());
}

std::string HttpDialogue::take_output() {
    return std::exchange(sent_, true) ? std::string() : request_;
}

std::optional<Finding> HttpDialogue::conclude(const HttpResponse::Result& result) const {
    if (!result) return Finding{false, result.error()};
    if (*result == HttpResponse::Progress::more) return std::nullopt;
    return judge();
}

Finding HttpDialogue::judge() const {
    const auto status = response_.status();
    const bool accepted = std::ranges::any_of(check_.status, [status](const StatusRange& range) {
        return range.first <= status && status <= range.last;
    });
    if (accepted) return {true, {"ok", "status " + std::to_string(status)}};
    return {false,
            {"http-status",
             "got " + std::to_string(status) + ", accepted " + accepted_text(check_.status)}};
}

}  // namespace vipd::monitors
