#include "monitors/prepared_check.hpp"

#include "monitors/http.hpp"
#include "monitors/stream_probe.hpp"
#include "src/base/overloaded.hpp"

#include <utility>

namespace vipd::monitors {

namespace {

std::string request_of(const Check& check) {
    const auto* http = std::get_if<HttpCheck>(&check);
    return http != nullptr ? http_request(*http) : std::string();
}

}  // namespace

PreparedCheck::PreparedCheck(Check check)
    : check_(std::move(check)), request_(request_of(check_)) {}

std::unique_ptr<Probe> PreparedCheck::make_probe(const ProbePlan& plan) const {
    auto dialogue =
        std::visit(overloaded{[](const TcpCheck&) { return std::unique_ptr<Dialogue>(); },
                              [this](const HttpCheck& http) -> std::unique_ptr<Dialogue> {
                                  return std::make_unique<HttpDialogue>(http, request_);
                              }},
                   check_);
    return std::make_unique<StreamProbe>(plan, std::move(dialogue));
}

}  // namespace vipd::monitors
