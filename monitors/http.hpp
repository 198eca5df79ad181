#pragma once
// The http monitor's conversation: one request, one response judged by status, fields and body.
// Sans-I/O.

#include "monitors/check.hpp"
#include "monitors/dialogue.hpp"
#include "monitors/http_response.hpp"
#include "monitors/text_matcher.hpp"

#include <string>
#include <vector>

namespace vipd::monitors {

/// The request for `target` as it goes on the wire: HTTP/1.1, Host, User-Agent, and Connection:
/// close unless connections are reused.
std::string http_request(const HttpCheck& check, const HttpTarget& target);

/// "200", "200, 301-303": the accepted statuses as in the configuration.
std::string accepted_text(const std::vector<StatusRange>& ranges);

/// What the probes of one check share. Immutable.
class HttpRules {
public:
    explicit HttpRules(const HttpCheck& check);

    /// One for each URL, the check's own first.
    const std::vector<std::string>& requests() const { return requests_; }
    /// "example.org/path", for reasons.
    const std::vector<std::string>& names() const { return names_; }
    std::size_t required() const { return required_; }
    bool reuse() const { return reuse_; }

    HttpResponse::Options response_options() const { return options_; }
    Finding judge(const HttpResponse& response) const;

private:
    struct FieldMatcher {
        FieldRule rule;
        std::optional<TextMatcher> value;
    };

    Finding judge_field(const FieldMatcher& matcher, const HttpResponse& response) const;

    std::vector<StatusRange> status_;
    std::vector<TextMatcher> body_;
    std::vector<FieldMatcher> fields_;
    std::vector<std::string> requests_;
    std::vector<std::string> names_;
    std::size_t required_ = 0;
    bool reuse_ = false;
    HttpResponse::Options options_;
};

class HttpDialogue final : public Dialogue {
public:
    /// One request, number `url` of `rules`, which must outlive this object.
    HttpDialogue(const HttpRules& rules, std::size_t url);

    std::optional<Finding> begin() override;
    std::optional<Finding> receive(std::string_view bytes) override;
    std::optional<Finding> end() override;
    std::string take_output() override;
    bool leaves_stream_open() const override;

private:
    std::optional<Finding> conclude(const HttpResponse::Result& result) const;

    const HttpRules& rules_;
    const std::string& request_;
    HttpResponse response_;
    bool sent_ = false;
};

}  // namespace vipd::monitors
