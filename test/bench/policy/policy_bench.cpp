// How long decisions take: one verdict, and everything anew, in a site of SERVICES x SERVERS that
// is up and acknowledged. Medians and worst; nothing leaves the process.
//   policy_bench SERVICES SERVERS

#include "src/control/controller.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

using namespace vipd;

namespace {

using Micro = std::chrono::duration<double, std::micro>;

Address address(unsigned first, unsigned index) {
    return *Address::parse(std::to_string(first) + "." + std::to_string(index >> 16U & 255U) + "." +
                           std::to_string(index >> 8U & 255U) + "." + std::to_string(index & 255U));
}

Config site_of(unsigned services, unsigned servers) {
    Config config;
    config.node = "bench";
    for (unsigned s = 0; s < services; ++s) {
        const auto name = "s" + std::to_string(s);
        config.vips[name].addresses = {address(203, s)};
        auto& service = config.services[name];
        service.vip = name;
        service.port = 443;
        service.monitors.push_back({});
        for (unsigned i = 0; i < servers; ++i) {
            service.servers["cp" + std::to_string(i)].addresses = {address(10, s * servers + i)};
        }
    }
    return config;
}

class Site {
public:
    Site(unsigned services, unsigned servers) : controller_(site_of(services, servers), now_) {
        ipvs::KernelReport first;
        first.table = std::make_shared<const ipvs::Table>();
        controller_.handle(first, now_);
        auto outputs = controller_.take_outputs();
        for (auto& plan : outputs.probes)
            probes_.push_back(plan.id);
        ipvs::KernelReport addresses;
        addresses.addresses = outputs.kernel.addresses;
        for (auto& [key, service] : outputs.kernel.services)
            table_[key] = *service;
        addresses.in_sync = true;
        controller_.handle(addresses, now_);
        controller_.take_outputs();
    }

    std::size_t probes() const { return probes_.size(); }

    void verdict(std::size_t probe, monitors::Health health) {
        monitors::Verdict verdict;
        verdict.id = probes_[probe];
        verdict.health = health;
        verdict.because_of.reason = {"http-status", "503, accepted 200"};
        verdict.because_of.finished = now_;
        controller_.handle(verdict, now_);
        auto outputs = controller_.take_outputs();
        for (auto& [key, service] : outputs.kernel.services)
            table_[key] = *service;
        controller_.deadline();
    }

    /// The kernel's table as wanted, read anew.
    void sweep() {
        ipvs::KernelReport report;
        report.table = std::make_shared<const ipvs::Table>(table_);
        report.in_sync = true;
        const auto begin = Clock::now();
        controller_.handle(report, now_);
        controller_.take_outputs();
        swept_ = Clock::now() - begin;
    }

    Micro swept() const { return swept_; }

    /// After one verdict, as the control thread makes it at most every 50 ms.
    Micro picture() {
        const auto begin = Clock::now();
        controller_.snapshot(now_);
        return Clock::now() - begin;
    }

private:
    TimePoint now_{std::chrono::hours(1)};
    Controller controller_;
    std::vector<monitors::ProbeId> probes_;
    ipvs::Table table_;
    Clock::duration swept_{};
};

void report(const char* what, std::vector<Micro> times) {
    std::ranges::sort(times);
    std::printf("%s: median %.1f us, worst %.1f us of %zu\n", what, times[times.size() / 2].count(),
                times.back().count(), times.size());
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    Site site(static_cast<unsigned>(std::atoi(words[1])),
              static_cast<unsigned>(std::atoi(words[2])));
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < site.probes(); ++i)
        site.verdict(i, monitors::Health::up);
    site.sweep();
    std::printf("%zu first verdicts: %.1f ms\n", site.probes(),
                Micro(Clock::now() - begin).count() / 1000);

    std::vector<Micro> verdicts;
    for (std::size_t i = 0; i < 2000; ++i) {
        const auto health = i % 2 == 0 ? monitors::Health::down : monitors::Health::up;
        const auto start = Clock::now();
        site.verdict(i / 2 * 7919 % site.probes(), health);
        verdicts.emplace_back(Clock::now() - start);
    }
    report("one verdict", verdicts);
    std::vector<Micro> sweeps;
    for (int i = 0; i < 21; ++i) {
        site.sweep();
        sweeps.push_back(site.swept());
    }
    report("everything anew", sweeps);
    std::vector<Micro> pictures;
    for (std::size_t i = 0; i < 101; ++i) {
        site.verdict(i * 7919 % site.probes(), monitors::Health::down);
        pictures.push_back(site.picture());
    }
    report("a picture", pictures);
}
