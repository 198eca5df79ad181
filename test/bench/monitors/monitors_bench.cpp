// The engine at work, measured from inside: CPU per probe, memory per server, lateness.
// Usage: monitors_bench http|idle-tcp PORT SERVERS SECONDS: every server (127.1.0.1 and on) once a
// second, one worker. What is measured begins after three seconds, when all servers have been
// probed.

#include "monitors/engine.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;

namespace {

double cpu_micros() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto micros = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return micros(usage.ru_utime) + micros(usage.ru_stime);
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

Endpoint server(std::uint32_t number, std::uint16_t port) {
    const std::uint32_t value = 0x7f010001U + number;
    const std::uint8_t bytes[] = {
        static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
        static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
    return {*Address::from_bytes(bytes), port};
}

std::vector<ProbePlan> plans(const Check& check, std::uint16_t port, std::uint32_t servers) {
    std::vector<ProbePlan> all(servers);
    for (std::uint32_t i = 0; i < servers; ++i) {
        all[i].id = i + 1;
        all[i].target = server(i, port);
        all[i].check = check;
        all[i].interval = all[i].timeout = 1s;
    }
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const Check check = std::string_view(argv[1]) == "http"
                            ? Check(HttpCheck{.host = "bench.test", .target = "/healthz"})
                            : Check(IdleTcpCheck{});
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    const auto servers = static_cast<std::uint32_t>(std::atoi(argv[3]));
    const std::chrono::seconds length(std::atoi(argv[4]));

    std::atomic<std::uint64_t> verdicts = 0;
    std::atomic<std::uint64_t> evidence = 0;
    Engine engine(
        {.workers = 1}, [&verdicts](const Verdict&) { ++verdicts; },
        [&evidence](const Evidence& found) {
            ++evidence;
            std::fprintf(stderr, "%s: %s\n", found.reason.code.c_str(), found.reason.text.c_str());
        });
    const auto memory_before = resident_bytes();
    engine.update(plans(check, port, servers), {});
    std::this_thread::sleep_for(3s);

    const auto cpu_before = cpu_micros();
    const auto before = engine.stats();
    std::this_thread::sleep_for(length);
    const auto cpu = cpu_micros() - cpu_before;
    const auto after = engine.stats();
    ::malloc_trim(0);  // what the plans took on their way in
    const auto memory = resident_bytes() - memory_before;

    const auto probes = after.probes - before.probes;
    std::printf(
        "{\"probes\": %llu, \"failures\": %llu, \"cpu_us_per_probe\": %.2f, \"cpu_percent\": %.1f, "
        "\"bytes_per_server\": %.0f, \"lateness_us\": {\"p50\": %lld, \"p99\": %lld, \"max\": "
        "%lld}, "
        "\"running\": %zu, \"verdicts\": %llu, \"evidence\": %llu}\n",
        static_cast<unsigned long long>(probes), static_cast<unsigned long long>(after.failures),
        probes == 0 ? 0.0 : cpu / static_cast<double>(probes),
        cpu / 1e4 / static_cast<double>(length.count()), memory / servers,
        static_cast<long long>(after.lateness_p50.count()),
        static_cast<long long>(after.lateness_p99.count()),
        static_cast<long long>(after.lateness_max.count()), after.running,
        static_cast<unsigned long long>(verdicts), static_cast<unsigned long long>(evidence));
}
