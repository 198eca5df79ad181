// The speaker as a sender, for test/bench/bgp/run and test/soak/run. It obeys commands on its
// standard input, one line each, and answers each with one line of JSON; times are seconds of
// CLOCK_MONOTONIC.
//   want COUNT: that many /32s of 10.0.0.0/8, all with the same attributes
//   peer ADDRESS AS HOLD PORT: a session with it; answered once everything wanted is written
//   change COUNT: withdraws and announces one prefix COUNT times; answered with how long that took
//   load PORT SERVERS: the monitor engine probes 127.1.0.1 and on by HTTP every 100 ms
//   memory: resident, after unused memory was given back
//   state: of the session, and what the engine did
// End of input ends it. Usage: bgp_bench LOCAL_AS ROUTER_ID NEXT_HOP

#include "bgp/speaker.hpp"
#include "monitors/engine.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using namespace vipd;

namespace {

double seconds(TimePoint time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

bgp::RouteAttributes attributes() {
    bgp::RouteAttributes result;
    result.med = 10;
    result.communities = {(64600U << 16U) | 100U};
    return result;
}

bgp::Prefix prefix(std::uint32_t number) {
    const std::uint32_t value = (10U << 24U) + number;
    const std::uint8_t bytes[] = {
        static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
        static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
    return bgp::Prefix::host(*Address::from_bytes(bytes));
}

/// What the bgp thread has told, for the thread that reads commands.
class Observed {
public:
    void take(const bgp::SpeakerEvent& event) {
        const std::lock_guard lock(mutex_);
        if (const auto* changed = std::get_if<bgp::PeerChanged>(&event)) {
            if (changed->status.established_count > status_.established_count) {
                established_at_ = changed->status.since;
            }
            status_ = changed->status;
        } else if (const auto* written = std::get_if<bgp::RoutesWritten>(&event)) {
            written_ += written->advertised.size() + written->withdrawn.size();
            written_at_ = written->at;
        }
        changed_.notify_all();
    }

    std::size_t written() {
        const std::lock_guard lock(mutex_);
        return written_;
    }
    /// When the prefix that made it `count` was written; throws when that takes a minute.
    TimePoint wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, 60s, [&] { return written_ >= count; })) {
            throw std::runtime_error("the routes were not written within a minute");
        }
        return written_at_;
    }
    TimePoint established_at() {
        const std::lock_guard lock(mutex_);
        return established_at_;
    }
    bgp::PeerStatus status() {
        const std::lock_guard lock(mutex_);
        return status_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bgp::PeerStatus status_;
    std::size_t written_ = 0;
    TimePoint written_at_;
    TimePoint established_at_;
};

class Bench {
public:
    Bench(bgp::SpeakerSettings settings, const Address& next_hop)
        : next_hop_(next_hop), speaker_(std::move(settings), [this](bgp::SpeakerEvent event) {
              observed_.take(event);
          }) {
        speaker_.initial_set_complete();
        speaker_.start();
    }

    std::string obey(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        words >> verb;
        if (verb == "want") return want(words);
        if (verb == "peer") return peer(words);
        if (verb == "change") return change(words);
        if (verb == "load") return load(words);
        if (verb == "memory") return memory();
        if (verb == "state") return state();
        throw std::runtime_error("no such command: " + line);
    }

private:
    std::string want(std::istream& words) {
        words >> wanted_;
        const auto before = resident_bytes();
        bgp::WantedRoutes routes;
        for (std::uint32_t i = 0; i < wanted_; ++i) {
            routes.emplace_hint(routes.end(), prefix(i), attributes());
        }
        speaker_.want(std::move(routes));
        std::this_thread::sleep_for(500ms);  // until it has them: nothing tells
        return fmt::format(R"({{"resident_before": {}}})", before);
    }

    std::string peer(std::istream& words) {
        std::string address;
        bgp::PeerSettings settings;
        int hold = 0;
        words >> address >> settings.remote_as >> hold >> settings.port;
        settings.name = "router";
        settings.address = *Address::parse(address);
        settings.hold_time = std::chrono::seconds(hold);
        settings.families = {Family::ipv4};
        settings.next_hop = {{Family::ipv4, next_hop_}};
        speaker_.configure({settings});
        const auto written = observed_.wait_for(wanted_);
        return fmt::format(R"({{"established": {}, "written": {}}})",
                           seconds(observed_.established_at()), seconds(written));
    }

    static std::string memory() {
        ::malloc_trim(0);
        return fmt::format(R"({{"resident": {}}})", resident_bytes());
    }

    std::string change(std::istream& words) {
        std::size_t count = 0;
        words >> count;
        std::vector<double> micros;
        for (std::size_t i = 0; i < count; ++i) {
            for (const bool announce : {false, true}) {
                const auto next = observed_.written() + 1;
                const auto asked = Clock::now();
                speaker_.want({{prefix(0), announce ? std::optional(attributes()) : std::nullopt}});
                const auto took = observed_.wait_for(next) - asked;
                micros.push_back(std::chrono::duration<double, std::micro>(took).count());
                std::this_thread::sleep_for(2ms);
            }
        }
        std::ranges::sort(micros);
        const auto share = [&micros](std::size_t percent) {
            return micros.at(micros.size() * percent / 100);
        };
        return fmt::format(R"({{"p50_us": {:.0f}, "p99_us": {:.0f}, "max_us": {:.0f}}})", share(50),
                           share(99), micros.back());
    }

    std::string load(std::istream& words) {
        std::uint16_t port = 0;
        std::uint32_t servers = 0;
        words >> port >> servers;
        engine_ = std::make_unique<monitors::Engine>(
            monitors::EngineOptions{.workers = 1}, [](const monitors::Verdict&) {},
            [](const monitors::Evidence&) {});
        std::vector<monitors::ProbePlan> plans(servers);
        for (std::uint32_t i = 0; i < servers; ++i) {
            const std::uint32_t value = 0x7f010001U + i;
            const std::uint8_t bytes[] = {
                static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
                static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
            plans[i].id = i + 1;
            plans[i].target = {*Address::from_bytes(bytes), port};
            plans[i].check = monitors::HttpCheck{.host = "bench.test", .target = "/healthz"};
            plans[i].interval = plans[i].timeout = 100ms;
        }
        engine_->update(plans, {});
        return "{}";
    }

    std::string state() {
        const auto status = observed_.status();
        const auto probes = engine_ ? engine_->stats().probes : 0;
        const auto longest = status.longest_wanted_to_written.value_or(0us);
        return fmt::format(
            R"({{"state": "{}", "established_count": {}, "probes": {}, "longest_us": {}}})",
            bgp::to_string(status.state), status.established_count, probes, longest.count());
    }

    const Address next_hop_;
    std::size_t wanted_ = 0;
    Observed observed_;
    bgp::Speaker speaker_;
    std::unique_ptr<monitors::Engine> engine_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    bgp::SpeakerSettings settings;
    settings.local_as = static_cast<bgp::AsNumber>(std::stoul(argv[1]));
    const auto id = Address::parse(argv[2])->bytes();
    for (const auto byte : id) {
        settings.router_id = settings.router_id << 8U | byte;
    }
    Bench bench(settings, *Address::parse(argv[3]));
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << bench.obey(line) << std::endl;
    }
}
