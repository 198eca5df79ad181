#pragma once
// The http monitor's conversation: one request, one response judged by its status. Sans-I/O.

#include "monitors/check.hpp"
#include "monitors/dialogue.hpp"
#include "monitors/http_response.hpp"

#include <string>

namespace vipd::monitors {

/// The request as it goes on the wire: HTTP/1.1, Host, User-Agent, Connection: close.
std::string http_request(const HttpCheck& check);

/// "200", "200, 301-303": the accepted statuses as in the configuration.
std::string accepted_text(const std::vector<StatusRange>& ranges);

class HttpDialogue final : public Dialogue {
public:
    /// Both must outlive this object.
    HttpDialogue(const HttpCheck& check, const std::string& request);

    std::optional<Finding> begin() override;
    std::optional<Finding> receive(std::string_view bytes) override;
    std::optional<Finding> end() override;
    std::string take_output() override;

private:
    std::optional<Finding> conclude(const HttpResponse::Result& result) const;
    Finding judge() const;

    const HttpCheck& check_;
    const std::string& request_;
    HttpResponse response_;
    bool sent_ = false;
};

}  // namespace vipd::monitors
