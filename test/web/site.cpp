// A status server with a made-up site behind it, for the browser tests: prints its address, then
// takes one word a line on standard input (small, large, down, up, held, nasty) and publishes what
// it says.

#include "src/status/probe_report.hpp"
#include "src/status/status_server.hpp"
#include "test/unit/status/example_snapshot.hpp"

#include <iostream>
#include <memory>

namespace {
using namespace vipd;

class Site {
public:
    explicit Site(StatusServer& server) : server_(server) {}

    bool take(const std::string& word) {
        if (word == "small")
            snapshot_ = example_snapshot();
        else if (word == "large")
            snapshot_ = large_snapshot(5000, 20);
        else if (word == "down")
            judge(monitors::Health::down);
        else if (word == "up")
            judge(monitors::Health::up);
        else if (word == "nasty")
            name_nastily();
        else
            return false;
        publish();
        return true;
    }

private:
    /// The first server of text-https; said as an event too.
    void judge(monitors::Health health) {
        auto service = *snapshot_.services.at("text-https");
        auto& server = service.pools[0].servers[0];
        server.health = health;
        const bool up = health == monitors::Health::up;
        server.placement = up ? Placement::pooled : Placement::depooled;
        server.placement_reason =
            up ? Reason{"up", "up and enabled"} : Reason{"down", "down for 0 s"};
        server.pooled = up;
        snapshot_.services["text-https"] = std::make_shared<const ServiceView>(std::move(service));
        server_.publish(Event{++last_event_, std::nullopt, std::chrono::system_clock::now(),
                              up ? "server-up" : "server-down", "text-https/cp1",
                              "said by the test"});
    }

    /// Text as somebody hostile would write it.
    void name_nastily() {
        auto service = *snapshot_.services.at("text-https");
        service.name = "<img src=x onerror=\"document.title='broken'\">";
        service.pools[0].servers[0].health_reason.text =
            "</script><script>document.title='broken'</script>";
        snapshot_.services[service.name] = std::make_shared<const ServiceView>(std::move(service));
        snapshot_.alerts.push_back({"held", "<b>bold</b>", "&lt;script&gt;", snapshot_.made});
    }

    void publish() {
        const auto age = snapshot_.made - snapshot_.started;
        snapshot_.made_wall = std::chrono::system_clock::now();
        snapshot_.started = snapshot_.made - age;
        server_.publish(std::make_shared<const Snapshot>(snapshot_));
    }

    StatusServer& server_;
    Snapshot snapshot_ = example_snapshot();
    std::uint64_t last_event_ = 0;
};

}  // namespace

namespace {

/// Eight probes of every server, a slow one and a failed one among them.
void answer(const Command& command, const std::function<void(CommandResult)>& reply) {
    const auto* which = std::get_if<ShowProbes>(&command.action);
    if (which == nullptr) return reply({Outcome::failed, "the test takes no commands", {}});
    const ClockPair now{Clock::now(), std::chrono::system_clock::now()};
    ProbeHistory probe;
    probe.vip_address = *Address::parse("203.0.113.10");
    probe.monitor = "http";
    for (int i = 0; i < 8; ++i) {
        monitors::ProbeResult result;
        result.success = i != 5;
        result.reason = {"http-status", i == 5 ? "HTTP status 503" : "HTTP status 200"};
        result.took = std::chrono::microseconds(i == 3 ? 9000 : 1500 + 200 * i);
        result.finished = now.steady - std::chrono::seconds(8 - i);
        probe.results.push_back(result);
    }
    reply({Outcome::done, {}, probes_json({which->service, which->server, {probe}}, now)});
}

}  // namespace

int main() {
    vipd::StatusOptions options;
    options.listen = {*vipd::Endpoint::parse("127.0.0.1:0")};
    vipd::StatusServer server(options, answer);
    server.start();
    Site site(server);
    site.take("small");
    std::cout << "http://" << server.endpoints().front().to_string() << "/" << std::endl;
    for (std::string word; std::getline(std::cin, word);) {
        if (!site.take(word)) return 2;
    }
}
