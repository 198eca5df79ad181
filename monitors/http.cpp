#include "monitors/http.hpp"

#include "monitors/text.hpp"

#include <algorithm>
#include <utility>

namespace vipd::monitors {

namespace {

bool has_header(const HttpCheck& check, std::string_view name) {
    return std::ranges::any_of(check.headers, [name](const auto& header) {
        return equal_ignoring_case(header.first, name);
    });
}

}  // namespace

std::string http_request(const HttpCheck& check, const HttpTarget& target) {
    std::string request = check.method + " " + target.target + " HTTP/1.1\r\n";
    if (!has_header(check, "host")) request += "Host: " + target.host + "\r\n";
    if (!has_header(check, "user-agent")) request += "User-Agent: vipd/" VIPD_VERSION "\r\n";
    if (!has_header(check, "accept")) request += "Accept: */*\r\n";
    for (const auto& [name, value] : check.headers)
        request += name + ": " + value + "\r\n";
    if (!check.reuse) request += "Connection: close\r\n";
    return request + "\r\n";
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

HttpRules::HttpRules(const HttpCheck& check) : status_(check.status) {
    for (const auto& rule : check.body)
        body_.emplace_back(rule);
    for (const auto& rule : check.fields) {
        fields_.push_back(
            {rule, rule.value ? std::optional<TextMatcher>(*rule.value) : std::nullopt});
    }
    std::vector<HttpTarget> targets{{.host = check.host, .target = check.target}};
    targets.insert(targets.end(), check.also.begin(), check.also.end());
    for (const auto& target : targets) {
        requests_.push_back(http_request(check, target));
        names_.push_back(target.host + target.target);
    }
    reuse_ = check.reuse;
    required_ = check.required == 0 ? targets.size() : std::min(check.required, targets.size());
    options_.head_request = check.method == "HEAD";
    options_.keep_fields = !fields_.empty();
    options_.keep_body = !body_.empty();
    options_.limits.body = check.max_body;
}

Finding HttpRules::judge(const HttpResponse& response) const {
    const auto status = response.status();
    const bool accepted = std::ranges::any_of(status_, [status](const StatusRange& range) {
        return range.first <= status && status <= range.last;
    });
    if (!accepted) {
        return {false,
                {"http-status",
                 "got " + std::to_string(status) + ", accepted " + accepted_text(status_)}};
    }
    for (const auto& matcher : fields_) {
        auto finding = judge_field(matcher, response);
        if (!finding.success) return finding;
    }
    for (const auto& matcher : body_) {
        if (matcher.holds(response.body())) continue;
        return {false,
                {"http-body", "got " + std::to_string(response.body().size()) + " bytes " +
                                  quoted(response.body()) + ", accepted one that " +
                                  matcher.to_string()}};
    }
    return {true, {"ok", "status " + std::to_string(status)}};
}

Finding HttpRules::judge_field(const FieldMatcher& matcher, const HttpResponse& response) const {
    const auto& [rule, value] = matcher;
    const bool negated =
        value && value->rule().negated;  // then every such field must hold, else one is enough
    bool holds = negated;
    std::string found = "none";
    for (const auto& [name, text] : response.fields()) {
        if (!equal_ignoring_case(name, rule.name)) continue;
        const bool this_holds = !value || value->holds(text);
        if (!this_holds) found = quoted(text);
        holds = negated ? holds && this_holds : holds || this_holds;
    }
    if (holds) return {true, {}};
    const auto accepted = value ? "one that " + value->to_string() : "any";
    return {false, {"http-field", "got " + rule.name + " " + found + ", accepted " + accepted}};
}

HttpDialogue::HttpDialogue(const HttpRules& rules, std::size_t url)
    : rules_(rules), request_(rules.requests().at(url)), response_(rules.response_options()) {}

std::optional<Finding> HttpDialogue::begin() {
    sent_ = false;
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

bool HttpDialogue::leaves_stream_open() const {
    return rules_.reuse() && response_.leaves_stream_open();
}

std::optional<Finding> HttpDialogue::conclude(const HttpResponse::Result& result) const {
    if (!result) return Finding{false, result.error()};
    if (*result == HttpResponse::Progress::more) return std::nullopt;
    return rules_.judge(response_);
}

}  // namespace vipd::monitors
