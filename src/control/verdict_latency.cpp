#include "src/control/verdict_latency.hpp"

#include <chrono>

namespace vipd {
namespace {

std::vector<double> bounds() {
    return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1};
}

double in_seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

VerdictLatency::VerdictLatency() : to_kernel_(bounds()), to_wire_(bounds()) {}

/// The oldest verdict counts as long as the kernel has not answered.
void VerdictLatency::kernel_wanted(const ipvs::ServiceKey& key) {
    if (cause_) awaited_services_.emplace(key, *cause_);
}

void VerdictLatency::route_wanted(const bgp::Prefix& prefix, std::set<std::string> told) {
    awaited_routes_.erase(prefix);  // what was wanted before is not waited for any more
    if (cause_ && !told.empty()) awaited_routes_[prefix] = {cause_->found, std::move(told)};
}

void VerdictLatency::note(const ipvs::KernelReport& report, TimePoint now) {
    for (const auto& applied : report.applied) {
        const auto found = awaited_services_.find(ipvs::service_of(applied.change));
        if (found == awaited_services_.end()) continue;
        if (!applied.error) to_kernel_.add(in_seconds(now - found->second.found));
        awaited_services_.erase(found);
    }
    // The kernel thread had taken it up and found nothing to do: it was taken back before.
    if (!report.in_sync) return;
    std::erase_if(awaited_services_,
                  [&](const auto& awaited) { return awaited.second.asked <= report.at; });
}

void VerdictLatency::note(const bgp::RoutesWritten& routes) {
    for (const auto& prefix : routes.advertised)
        written(prefix, routes.peer, routes.at);
    for (const auto& prefix : routes.withdrawn)
        written(prefix, routes.peer, routes.at);
}

void VerdictLatency::written(const bgp::Prefix& prefix, const std::string& peer, TimePoint at) {
    const auto found = awaited_routes_.find(prefix);
    if (found == awaited_routes_.end() || found->second.peers.erase(peer) == 0) return;
    to_wire_.add(in_seconds(at - found->second.found));
    if (found->second.peers.empty()) awaited_routes_.erase(found);
}

/// It is told anew when it comes back, whatever the verdict was.
void VerdictLatency::note(const bgp::RoutesLost& lost) {
    for (auto& [prefix, awaited] : awaited_routes_)
        awaited.peers.erase(lost.peer);
    std::erase_if(awaited_routes_,
                  [](const auto& awaited) { return awaited.second.peers.empty(); });
}

std::vector<HistogramView> VerdictLatency::views() const {
    return {{"vipd_verdict_to_kernel_seconds",
             "From the probe's result that is a verdict to the kernel's answer to what it changed.",
             {},
             to_kernel_},
            {"vipd_verdict_to_wire_seconds",
             "From the probe's result that is a verdict to the route that it changed, written to a "
             "peer.",
             {},
             to_wire_}};
}

}  // namespace vipd
