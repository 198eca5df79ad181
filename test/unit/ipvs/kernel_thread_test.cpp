#include "ipvs/kernel_thread.hpp"

#include "ipvs/memory_backend.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>

using namespace vipd;
using namespace vipd::ipvs;
using namespace std::chrono_literals;

namespace {

/// What the kernel thread reported, for the test's thread to wait for.
class Reports {
public:
    void add(KernelReport report) {
        const std::lock_guard lock(mutex_);
        reports_.push_back(std::move(report));
        arrived_.notify_one();
    }

    /// The n-th report, counted from 0.
    KernelReport wait_for(std::size_t n) {
        std::unique_lock lock(mutex_);
        REQUIRE(arrived_.wait_for(lock, 5s, [&] { return reports_.size() > n; }));
        return reports_[n];
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<KernelReport> reports_;
};

struct Running {
    Reports reports;
    KernelThread thread;

    explicit Running(Table table = {}, KernelOptions options = {})
        : thread(std::make_unique<MemoryBackend>(std::move(table)),
                 std::make_unique<MemoryAddresses>(), options,
                 [this](KernelReport report) { reports.add(std::move(report)); }) {}

    void want(WantedServices services) {
        thread.want({.services = std::move(services), .addresses = {}, .timeouts = {}});
    }
};

}  // namespace

TEST_CASE("the kernel thread reports the table, then what it wrote", "[edge]") {
    Running running({{vip, pool({{"10.0.0.11:443", 1}})}});
    running.thread.start();
    CHECK(running.reports.wait_for(0).table->at(vip) == pool({{"10.0.0.11:443", 1}}));
    running.want({{vip, pool({{"10.0.0.11:443", 2}})}});
    const auto report = running.reports.wait_for(1);
    CHECK(report.applied.size() == 1);
    CHECK(report.in_sync);
}

TEST_CASE("a wanted change reaches the kernel in less than a millisecond", "[edge]") {
    Running running;
    running.thread.start();
    running.reports.wait_for(0);
    running.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    running.reports.wait_for(1);
    auto fastest = Clock::duration::max();
    for (std::size_t i = 2; i < 30; ++i) {
        const auto asked = Clock::now();
        running.want({{vip, pool({{"10.0.0.11:443", static_cast<std::int32_t>(i)}})}});
        CHECK(running.reports.wait_for(i).applied.size() == 1);
        fastest = std::min(fastest, Clock::now() - asked);
    }
    CHECK(fastest < 1ms);
}

TEST_CASE("what is wanted before the thread is free acts as one", "[edge]") {
    Running running;
    running.want({{vip, pool({{"10.0.0.11:443", 1}})}});
    running.want({{vip, pool({{"10.0.0.12:443", 2}})}});
    running.thread.start();
    CHECK(running.reports.wait_for(0).table->empty());
    CHECK(running.reports.wait_for(1).applied.size() == 2);
}

TEST_CASE("a changed resync interval takes effect while the thread runs", "[edge]") {
    Running running({}, {.resync_interval = 10ms});
    running.thread.start();
    const auto began = running.thread.last_progress();
    CHECK(running.reports.wait_for(2).statistics);
    CHECK(running.thread.last_progress() > began);
    running.thread.configure({.resync_interval = 1h});
    running.want({{vip, pool({})}});
}

TEST_CASE("a kernel thread that was never started ends", "[edge]") {
    Running running;
    running.want({{vip, pool({})}});
}
