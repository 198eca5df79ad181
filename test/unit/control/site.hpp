#pragma once
// A site in memory around a Controller: a kernel that acknowledges at once (or refuses when told
// to), one router, and servers whose verdicts the test gives. Time moves by hand.

#include "ipvs/table.hpp"
#include "src/control/controller.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vipd::test {

using namespace std::chrono_literals;

/// VIP "web" 203.0.113.10 with one tcp service "web-80", servers s1…sN at 10.0.0.1…N. No control
/// probes.
Config small_config(unsigned servers);

Address ip(const std::string& text);

class Site {
public:
    explicit Site(Config config, ipvs::Table found_at_start = {});

    /// The kernel thread's first report: the table as found.
    void read_kernel();
    /// One verdict of every monitor of this server.
    void verdict(const std::string& server, monitors::Health health,
                 const std::string& service = "web-80");
    void up(const std::string& server) { verdict(server, monitors::Health::up); }
    void down(const std::string& server) { verdict(server, monitors::Health::down); }
    /// Of a control probe by its name.
    void control(const std::string& name, monitors::Health health);
    /// One piece of evidence against ourselves.
    void evidence(const std::string& code);
    /// Codes of the alerts there are now, sorted.
    std::vector<std::string> alerts();
    /// Time passes; deadlines that fall into it are kept.
    void wait(Duration time);
    void reload(const Config& config);
    /// The DNS answers.
    void answer(const NameAnswer& said);
    /// What was asked of it since the last call.
    std::vector<NameQuestion> take_questions() { return std::exchange(questions_, {}); }
    /// What an earlier site has saved just now.
    void restore(State state);
    void stop();
    /// From now on state is saved whenever the controller asks for it.
    void keep_state();
    /// Somebody else changed the kernel's table; the next sweep finds it (and leaves repair to the
    /// caller's choice).
    void sweep();
    /// The kernel counts connections: those named by destination address, none on others.
    void count(const std::map<std::string, Connections>& connections);
    /// The kernel answers again and takes everything, also what it had refused or lost.
    void settle();
    /// The kernel holds what the controller wants.
    bool settled() const { return kernel_answers && !refuse_services && !behind_; }
    template <class Action>
    CommandResult execute(const Command& command, const Action& action) {
        auto result = controller.execute(command, action, now);
        carry();
        return result;
    }
    void connect_router();
    void lose_router();

    /// Weights by "address:port" of the service's destinations in the kernel.
    std::map<std::string, int> kernel(const std::string& vip = "203.0.113.10",
                                      std::uint16_t port = 80) const;
    bool announced(const std::string& address = "203.0.113.10") const;
    ServerView server(const std::string& name, const std::string& service = "web-80");
    std::vector<Event> events() const { return events_; }
    /// The probes that run now.
    std::map<monitors::ProbeId, monitors::ProbePlan> probes() const { return probes_; }

    TimePoint now{std::chrono::hours(1)};
    Controller controller;
    ipvs::Table table;
    std::set<ipvs::VipAddress> addresses;
    std::map<bgp::Prefix, bgp::RouteAttributes> router;
    /// Routes as they were handed to the speaker.
    struct Told {
        TimePoint at;
        bgp::Prefix prefix;
        std::optional<bgp::RouteAttributes> route;
    };
    std::vector<Told> told;
    /// What was done, in order: "kernel: …", "router: …", "exit".
    std::vector<std::string> journal;
    bool kernel_answers = true;
    bool refuse_services = false;
    bool finished = false;
    bool routes_complete = false;
    /// When state was to be saved, and what was asked of the controller then. Nothing is saved
    /// before keep_state().
    std::vector<std::pair<TimePoint, State>> saves;

private:
    void carry();
    void save();
    WallTime wall() const;
    void write_kernel(const ipvs::WantedChange& wanted);
    void write_routes();

    std::map<monitors::ProbeId, monitors::ProbePlan> probes_;
    std::map<bgp::Prefix, std::optional<bgp::RouteAttributes>> wanted_routes_;
    ipvs::WantedChange unanswered_;
    ipvs::WantedChange wanted_;
    bool behind_ = false;
    bool router_up_ = true;
    bool keeps_state_ = false;
    std::vector<NameQuestion> questions_;
    std::vector<Event> events_;
};

/// small_config(servers), and all of them are up.
Site site_with_all_up(unsigned servers);

}  // namespace vipd::test
