#include "monitors/prepared_check.hpp"

#include "monitors/datagram_probe.hpp"
#include "monitors/dns.hpp"
#include "monitors/exchange.hpp"
#include "monitors/file_probe.hpp"
#include "monitors/icmp.hpp"
#include "monitors/idle_tcp_probe.hpp"
#include "monitors/loopback_probe.hpp"
#include "monitors/script_probe.hpp"
#include "monitors/sequence_probe.hpp"
#include "monitors/stream_probe.hpp"
#include "monitors/udp.hpp"
#include "src/base/overloaded.hpp"

#include <sys/random.h>

#include <utility>

namespace vipd::monitors {

namespace {

std::unique_ptr<Dialogue> dialogue_of(const std::vector<Exchange>& exchanges) {
    if (exchanges.empty()) return nullptr;
    return std::make_unique<ExchangeDialogue>(exchanges);
}

std::unique_ptr<Probe> datagram_probe(const ProbePlan& plan, DatagramProbe::Protocol protocol,
                                      std::unique_ptr<DatagramDialogue> dialogue) {
    return std::make_unique<DatagramProbe>(plan, protocol, std::move(dialogue));
}

/// From the kernel: what tells our answers from forged ones must not be guessed.
std::uint64_t random_number() {
    std::uint64_t number = 0;
    [[maybe_unused]] const auto got =
        ::getrandom(&number, sizeof number, 0);  // cannot fail for up to 256 bytes
    return number;
}

std::unique_ptr<Probe> make_dns_probe(const ProbePlan& plan, const DnsCheck& dns) {
    const auto id = static_cast<std::uint16_t>(random_number());
    if (dns.tcp)
        return std::make_unique<StreamProbe>(plan, nullptr,
                                             std::make_unique<DnsTcpDialogue>(dns, id));
    return datagram_probe(plan, DatagramProbe::Protocol::udp,
                          std::make_unique<DnsUdpDialogue>(dns, id));
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
    return std::visit(
        overloaded{
            [&](const TcpCheck& tcp) -> std::unique_ptr<Probe> {
                return std::make_unique<StreamProbe>(plan, nullptr, dialogue_of(tcp.exchanges));
            },
            [&](const HttpCheck&) { return make_http_probe(plan); },
            [&](const IdleTcpCheck&) -> std::unique_ptr<Probe> {
                return std::make_unique<IdleTcpProbe>(plan);
            },
            [&](const DnsCheck& dns) { return make_dns_probe(plan, dns); },
            [&](const UdpCheck& udp) {
                return datagram_probe(plan, DatagramProbe::Protocol::udp,
                                      std::make_unique<UdpDialogue>(udp));
            },
            [&](const IcmpCheck&) {
                const auto family = plan.target.address.family();
                return datagram_probe(plan, DatagramProbe::Protocol::icmp,
                                      std::make_unique<IcmpDialogue>(family, random_number()));
            },
            [&](const ScriptCheck& script) -> std::unique_ptr<Probe> {
                return std::make_unique<ScriptProbe>(plan, script);
            },
            [&](const FileCheck& file) -> std::unique_ptr<Probe> {
                return std::make_unique<FileProbe>(file);
            },
            [&](const LoopbackCheck&) -> std::unique_ptr<Probe> {
                return std::make_unique<LoopbackProbe>(plan);
            },
            [&](const TlsCheck& tls) -> std::unique_ptr<Probe> {
                return std::make_unique<StreamProbe>(plan, tls_.get(), dialogue_of(tls.exchanges));
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
