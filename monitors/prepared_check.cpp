#include "monitors/prepared_check.hpp"

#include "monitors/exchange.hpp"
#include "monitors/idle_tcp_probe.hpp"
#include "monitors/sequence_probe.hpp"
#include "monitors/stream_probe.hpp"
#include "src/base/overloaded.hpp"

#include <utility>

namespace vipd::monitors {

namespace {

std::unique_ptr<Dialogue> dialogue_of(const std::vector<Exchange>& exchanges) {
    if (exchanges.empty()) return nullptr;
    return std::make_unique<ExchangeDialogue>(exchanges);
}

}  // namespace

PreparedCheck::PreparedCheck(Check check) : check_(std::move(check)) {
    if (const auto* http = std::get_if<HttpCheck>(&check_)) {
        http_.emplace(*http);
        if (http->tls) prepare_tls(*http->tls);
    }
    if (const auto* tls = std::get_if<TlsCheck>(&check_)) prepare_tls(tls->tls);
}

void PreparedCheck::prepare_tls(const TlsOptions& options) {
    auto made = TlsContext::make(options);
    if (made) {
        tls_ = std::move(*made);
    } else {
        problem_ = made.error();
    }
}

std::unique_ptr<Probe> PreparedCheck::make_probe(const ProbePlan& plan) const {
    return std::visit(overloaded{[&](const TcpCheck& tcp) -> std::unique_ptr<Probe> {
                                     return std::make_unique<StreamProbe>(
                                         plan, nullptr, dialogue_of(tcp.exchanges));
                                 },
                                 [&](const HttpCheck&) { return make_http_probe(plan); },
                                 [&](const IdleTcpCheck&) -> std::unique_ptr<Probe> {
                                     return std::make_unique<IdleTcpProbe>(plan);
                                 },
                                 [&](const TlsCheck& tls) -> std::unique_ptr<Probe> {
                                     return std::make_unique<StreamProbe>(
                                         plan, tls_.get(), dialogue_of(tls.exchanges));
                                 }},
                      check_);
}

std::unique_ptr<Probe> PreparedCheck::make_http_probe(const ProbePlan& plan) const {
    const auto make = [this, &plan](std::size_t url) {
        return std::make_unique<StreamProbe>(plan, tls_.get(),
                                             std::make_unique<HttpDialogue>(*http_, url));
    };
    if (http_->requests().size() == 1) return make(0);
    return std::make_unique<SequenceProbe>(http_->names(), http_->required(), make);
}

}  // namespace vipd::monitors
