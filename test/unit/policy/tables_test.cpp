// Every table of docs/policy.md, row by row, against the functions that it describes.

#include "src/policy/announce_policy.hpp"
#include "src/policy/brake.hpp"
#include "src/policy/degraded.hpp"
#include "src/policy/fitness.hpp"
#include "src/policy/leave_limit.hpp"
#include "src/policy/pending_step.hpp"
#include "src/policy/pool_policy.hpp"
#include "src/policy/server_health.hpp"
#include "src/policy/slow_start.hpp"
#include "src/policy/stop_sequence.hpp"
#include "src/policy/suspicion.hpp"
#include "test/unit/policy/markdown_tables.hpp"
#include "test/unit/policy/pools.hpp"
#include "test/unit/policy/start.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <stdexcept>

using namespace vipd;
using namespace vipd::test;
using namespace std::chrono_literals;
using monitors::Health;
using test::carrying;
using test::Row;

namespace {

const test::Table& table(std::string_view name) {
    static const auto tables = test::read_tables(POLICY_DOCUMENT);
    const auto found = tables.find(name);
    if (found == tables.end()) throw std::runtime_error("no table " + std::string(name));
    REQUIRE_FALSE(found->second.empty());
    return found->second;
}

/// Runs `check` on every combination of values and sees to it that each occurs in one row.
template <class Check>
void check_states(std::string_view name, const std::vector<test::Domain>& domains, Check check) {
    std::set<std::vector<std::string>> seen;
    for (const auto& row : table(name)) {
        for (const auto& state : test::expand(row, domains)) {
            INFO(test::to_string(state));
            std::vector<std::string> key;
            for (const auto& domain : domains)
                key.push_back(state.at(domain.column));
            CHECK(seen.insert(key).second);
            check(state);
        }
    }
    CHECK(seen.size() == test::combinations(domains));
}

std::size_t number(const Row& row, std::string_view column) {
    return std::stoul(row.find(column)->second);
}

bool is(const Row& row, std::string_view column, std::string_view value) {
    const auto found = row.find(column);
    if (found == row.end()) throw std::runtime_error("no column " + std::string(column));
    return found->second == value;
}

Health health_of(std::string_view text) {
    if (text == "up") return Health::up;
    if (text == "down") return Health::down;
    if (text == "unknown") return Health::unknown;
    throw std::runtime_error("no health " + std::string(text));
}

PoolMember member(std::string name, Health health) {
    auto member = test::up_server(std::move(name));
    member.health = health;
    return member;
}

/// "4 s ago", "4 s", "in 4 s".
std::chrono::seconds seconds_of(const std::string& text) {
    return std::chrono::seconds(std::stoi(text.substr(text.starts_with("in ") ? 3 : 0)));
}

void check_look_again(const Row& row, const std::optional<TimePoint>& deadline) {
    const auto& text = row.at("look again");
    const auto expected = text == "–" ? std::nullopt : std::optional(start + seconds_of(text));
    CHECK(deadline == expected);
}

AnnounceWhen when_of(const std::string& text) {
    AnnounceWhen when;
    if (text == "any") when.rule = AnnounceWhen::Rule::any;
    if (text.starts_with("at_least ")) {
        when = {AnnounceWhen::Rule::at_least, static_cast<unsigned>(std::stoul(text.substr(9)))};
    }
    return when;
}

std::string kernel_text(const std::optional<std::int32_t>& weight) {
    return weight ? "weight " + std::to_string(*weight) : "absent";
}

}  // namespace

TEST_CASE("health is what its table says") {
    check_states("health",
                 {{"monitors that count say",
                   {"(none)", "up", "up, up", "down", "up, down", "unknown, down", "unknown",
                    "up, unknown"}},
                  {"advisory ones say", {"up", "down", "unknown"}}},
                 [](const Row& row) {
                     std::vector<MonitorVerdict> verdicts{
                         {"advice", true, health_of(row.at("advisory ones say")), {"x", "x"}}};
                     const auto& counting = row.at("monitors that count say");
                     for (const auto& each : test::split(counting, ", ")) {
                         if (each == "(none)") break;
                         verdicts.push_back(
                             {"http", false, health_of(each), {"probe-failed", "status 503"}});
                     }
                     const auto decided = judge(verdicts);
                     CHECK(to_string(decided.health) == row.at("health"));
                     CHECK(decided.reason.code == row.at("reason"));
                     CHECK_FALSE(decided.reason.text.empty());
                 });
}

TEST_CASE("a server alone is placed as its table says") {
    check_states("placement",
                 {{"admin", {"enabled", "weight 0", "draining", "disabled"}},
                  {"health", {"up", "down", "unknown"}},
                  {"at start", {"absent", "weight 7", "weight 0"}},
                  {"drained", {"yes", "no"}},
                  {"on_down", {"remove", "quiesce"}},
                  {"weight 0", {"skips", "drops"}}},
                 [](const Row& row) {
                     auto server = member("s1", health_of(row.at("health")));
                     if (is(row, "admin", "weight 0")) server.weight = 0;
                     if (is(row, "admin", "draining")) server.admin = Admin::draining;
                     if (is(row, "admin", "disabled")) server.admin = Admin::disabled;
                     if (is(row, "at start", "weight 7")) server.adopted_weight = 7;
                     if (is(row, "at start", "weight 0")) server.adopted_weight = 0;
                     server.drained = is(row, "drained", "yes");
                     PoolRules rules;
                     rules.quiesce_down = is(row, "on_down", "quiesce");
                     rules.drain_by_removal = is(row, "weight 0", "drops");

                     const auto decided = decide_pool(std::span(&server, 1), rules).members.at(0);
                     CHECK(to_string(decided.placement) == row.at("placement"));
                     CHECK(kernel_text(decided.kernel_weight) == row.at("kernel"));
                     CHECK(decided.reason.code == row.at("reason"));
                     CHECK_FALSE(decided.reason.text.empty());
                 });
}

TEST_CASE("the floor holds what its table says") {
    for (const auto& row : table("floor")) {
        INFO(test::to_string(row));
        std::vector<PoolMember> members;
        const auto add = [&](std::string_view column, Health health) {
            for (std::size_t i = 0; i < number(row, column); ++i) {
                members.push_back(member("s" + std::to_string(members.size() + 1), health));
                if (column == "adopted") members.back().adopted_weight = 10;
            }
        };
        add("up", Health::up);
        add("down", Health::down);
        add("adopted", Health::unknown);
        add("unknown", Health::unknown);
        const auto rules = test::threshold(row.at("depool_threshold"));
        const auto decision = decide_pool(members, rules);
        CHECK(decision.configured == number(row, "N"));
        CHECK(decision.up == number(row, "up"));
        CHECK(decision.floor == number(row, "F"));
        CHECK(decision.held == number(row, "held"));
        CHECK(carrying(decision) == number(row, "carrying traffic"));
    }
}

TEST_CASE("servers that fail one by one leave what the table says") {
    for (const auto& row : table("failing")) {
        INFO(test::to_string(row));
        std::vector<PoolMember> members;
        for (std::size_t i = 1; i <= number(row, "N"); ++i)
            members.push_back(member("s" + std::to_string(i), Health::up));
        const auto rules = test::threshold(row.at("depool_threshold"));

        std::vector<std::string> left;
        PoolDecision decision;
        auto now = start;
        for (auto& failing : members) {
            failing.health = Health::down;
            failing.went_down = now += 1s;
            decision = decide_pool(members, rules);
            left.push_back(std::to_string(carrying(decision)));
        }
        CHECK(left == test::split(row.at("carrying traffic after each failure"), ", "));

        std::vector<std::string> held;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (decision.members[i].placement == Placement::held) held.push_back(members[i].name);
        }
        CHECK(held == test::split(row.at("held at the end"), ", "));
    }
}

TEST_CASE("a slow start is what its table says") {
    for (const auto& row : table("slow start")) {
        INFO(test::to_string(row));
        SlowStartConfig config;
        config.window = 1min;
        config.min_percent = static_cast<unsigned>(number(row, "min_percent"));
        if (is(row, "curve", "quadratic")) config.curve = SlowStartConfig::Curve::quadratic;
        const auto ramped =
            ramped_weight(static_cast<std::int32_t>(number(row, "weight")),
                          start - seconds_of(row.at("carries since")), config, start);
        CHECK(std::to_string(ramped.weight) == row.at("weight now"));
        check_look_again(row, ramped.next);
    }
}

TEST_CASE("as many servers may leave as the table says") {
    for (const auto& row : table("leaving")) {
        INFO(test::to_string(row));
        MaxLeavingConfig config;
        config.window = 10s;
        config.count = static_cast<unsigned>(number(row, "count"));
        config.share = Fraction::parse(row.at("share")).value();
        std::vector<TimePoint> left;
        for (const auto& when : test::split(row.at("left"), ", ")) {
            if (when != "(none)") left.push_back(start - seconds_of(when));
        }
        const auto allowance = leave_allowance(number(row, "N"), left, config, start);
        CHECK(allowance.servers == number(row, "may leave"));
        check_look_again(row, allowance.deadline);
    }
}

TEST_CASE("servers leave, or are held, as the table about limits says") {
    for (const auto& row : table("limit")) {
        INFO(test::to_string(row));
        const auto out = number(row, "down and out");
        const auto down = out + number(row, "down and carrying");
        auto members = test::pool_of(number(row, "N"));
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i < down) test::take_down(members[i], start + Duration(i));
            members[i].carries = i >= out;
        }
        auto rules = test::threshold(row.at("depool_threshold"));
        if (!is(row, "may leave", "all")) rules.may_leave = number(row, "may leave");
        const auto decision = decide_pool(members, rules);
        std::map<std::string, std::size_t> counts;
        for (std::size_t i = 0; i < down; ++i) {
            const bool leaves = members[i].carries && !test::carries_traffic(decision.members[i]);
            ++counts[leaves ? "leave" : decision.members[i].reason.code];
        }
        CHECK(counts["leave"] == number(row, "leave"));
        CHECK(counts["held-by-threshold"] == number(row, "held by the floor"));
        CHECK(counts["held-by-limit"] == number(row, "held by the limit"));
        CHECK(decision.waiting == counts["held-by-limit"]);
        CHECK(decision.held == counts["held-by-limit"] + counts["held-by-threshold"]);
        CHECK(decision.up == members.size() - down);
    }
}

TEST_CASE("fitness is what its table says") {
    for (const auto& row : table("fitness")) {
        INFO(test::to_string(row));
        FitnessRules rules;
        rules.min_up = static_cast<unsigned>(number(row, "min_up"));
        rules.min_up_share = Fraction::parse(row.at("min_up_share")).value();
        FitnessInput input;
        input.up = number(row, "U");
        input.enabled = number(row, "enabled");
        input.floor = number(row, "F");
        input.programmed =
            is(row, "service in kernel", "yes") || is(row, "service in kernel", "edit refused");
        if (row.at("service in kernel").ends_with("refused")) input.refused = "no such scheduler";
        input.up_programmed = number(row, "up in kernel");
        input.was_fit = is(row, "was fit", "yes");

        const auto decided = decide_fitness(input, rules);
        CHECK(decided.fit == is(row, "fit", "yes"));
        CHECK(decided.reason.code == row.at("reason"));
        CHECK_FALSE(decided.reason.text.empty());
    }
}

TEST_CASE("as many services must be fit as the table says") {
    for (const auto& row : table("when")) {
        INFO(test::to_string(row));
        AnnounceRules rules;
        rules.when = when_of(row.at("when"));
        std::vector<ServiceFitness> services(number(row, "services"),
                                             {"web", false, {"x", "x"}, true});
        for (std::size_t i = 0; i < number(row, "fit"); ++i)
            services[i].fit = true;
        CHECK(readiness(services, true, rules).ready == is(row, "enough", "yes"));
    }
}

namespace {

Announcement announcement_of(std::string_view text) {
    if (text == "withdrawn") return Announcement::withdrawn;
    if (text == "announced") return Announcement::announced;
    if (text == "draining") return Announcement::draining;
    throw std::runtime_error("no announcement " + std::string(text));
}

AnnounceInput::Leaving leaving_of(std::string_view text) {
    if (text == "draining") return AnnounceInput::Leaving::draining;
    if (text == "withdrawn") return AnnounceInput::Leaving::withdrawn;
    return AnnounceInput::Leaving::no;
}

}  // namespace

TEST_CASE("an address is announced as its table says") {
    constexpr auto hold_down = 10s;
    check_states(
        "announcement",
        {{"told", {"withdrawn", "announced", "draining"}},
         {"enough fit", {"yes", "no"}},
         {"present", {"yes", "no"}},
         {"other family", {"ready", "not ready"}},
         {"leaving", {"no", "draining", "withdrawn"}},
         {"history", {"none", "last run", "failed"}},
         {"all judged", {"yes", "no"}},
         {"start deadline", {"ahead", "passed"}},
         {"ready for hold_down", {"yes", "no"}}},
        [&](const Row& row) {
            const std::vector<ServiceFitness> services{{"web",
                                                        is(row, "enough fit", "yes"),
                                                        {"too-few-up", "1 up, 2 needed"},
                                                        is(row, "all judged", "yes")}};
            const std::vector<Readiness> others{
                {is(row, "other family", "ready"), true, {"unfit", "0 of 1 services fit"}}};
            AnnounceInput input;
            input.services = services;
            input.present = is(row, "present", "yes");
            input.other_addresses = others;
            input.start_deadline_passed = is(row, "start deadline", "passed");
            input.leaving = leaving_of(row.at("leaving"));
            input.leaving_reason = {"(leaving)", "somebody asked for it"};
            AnnounceMemory memory;
            memory.announcement = announcement_of(row.at("told"));
            memory.failed = is(row, "history", "failed");
            memory.last_announced = is(row, "history", "last run");
            memory.ready_since =
                is(row, "ready for hold_down", "yes") ? start - hold_down : start - 4s;

            const auto decided = decide_announcement(input, {{}, hold_down}, memory, start);
            CHECK(to_string(decided.announcement()) == row.at("then told"));
            CHECK(decided.reason.code == row.at("reason"));
            CHECK_FALSE(decided.reason.text.empty());
            if (is(row, "look again", "–")) {
                CHECK_FALSE(decided.deadline);
            } else {
                CHECK(decided.deadline == start + 6s);
            }
        });
}

TEST_CASE("a pool is degraded as its table says") {
    for (const auto& row : table("degraded")) {
        INFO(test::to_string(row));
        CHECK(degraded_step(
                  number(row, "up"), number(row, "N"), Fraction::parse(row.at("below")).value(),
                  static_cast<unsigned>(number(row, "steps"))) == number(row, "degraded by"));
    }
}

TEST_CASE("several services degrade a VIP as the table says") {
    for (const auto& row : table("degraded services")) {
        INFO(test::to_string(row));
        AnnounceRules rules;
        rules.when = when_of(row.at("when"));
        std::vector<ServiceFitness> services;
        for (const auto& step : test::split(row.at("services degraded by"), ", ")) {
            services.push_back({"web", true, {"x", "x"}, true});
            services.back().degraded = static_cast<unsigned>(std::stoul(step));
            services.back().degraded_text = "step " + step;
        }
        const auto ready = readiness(services, true, rules);
        CHECK(ready.degraded == number(row, "VIP degraded by"));
        CHECK(ready.degraded_text == "step " + row.at("VIP degraded by"));
    }
}

TEST_CASE("attributes follow health as their table says") {
    const std::vector<std::string> either{"yes", "no"};
    check_states("attributes",
                 {{"told", {"withdrawn", "announced"}},
                  {"degraded so far", either},
                  {"degraded now", either},
                  {"all judged", either},
                  {"last told", {"never", "4 s ago", "5 s ago"}}},
                 [](const Row& row) {
                     std::vector<ServiceFitness> services{
                         {"web", true, {"enough-up", "1 up"}, is(row, "all judged", "yes")}};
                     services.front().degraded = is(row, "degraded now", "yes") ? 1 : 0;
                     AnnounceInput input;
                     input.services = services;
                     input.present = true;
                     AnnounceMemory memory;
                     memory.announcement = announcement_of(row.at("told"));
                     memory.degraded = is(row, "degraded so far", "yes") ? 1 : 0;
                     if (!is(row, "last told", "never"))
                         memory.told_at = start - seconds_of(row.at("last told"));

                     const auto decided = decide_announcement(input, {{}, 10s, 5s}, memory, start);
                     CHECK(to_string(decided.announcement()) == row.at("then told"));
                     CHECK(decided.memory.degraded == (is(row, "then degraded", "yes") ? 1U : 0U));
                     CHECK((decided.reason.code == "degraded") == is(row, "then degraded", "yes"));
                     check_look_again(row, decided.deadline);
                     const bool told_anew = decided.announcement() != memory.announcement ||
                                            decided.memory.degraded != memory.degraded;
                     if (told_anew && decided.announcement() == Announcement::announced)
                         CHECK(decided.memory.told_at == start);
                 });
}

namespace {

const StopConfig waits{.gshut_wait = Duration(5s), .withdraw_wait = Duration(1s)};

/// A stop that has come as far as this phase, with what it has seen on its way.
StopSequence stop_in(std::string_view phase, bool had_routes) {
    StopSequence stop(waits);
    if (phase == "running") return stop;
    stop.request(start);
    auto now = start;
    StopProgress progress{.peers_told = had_routes ? 1U : 0U};
    if (phase == "draining") return stop;
    for (int steps = 0; steps < 10 && to_string(stop.phase()) != phase; ++steps) {
        now = *stop.deadline();
        stop.advance(progress, now);
        progress.peers_told = 0;
    }
    REQUIRE(to_string(stop.phase()) == phase);
    return stop;
}

}  // namespace

TEST_CASE("a planned stop goes from phase to phase as its table says") {
    check_states(
        "stop",
        {{"phase",
          {"running", "draining", "withdrawing", "settling", "ceasing", "dataplane", "done"}},
         {"peers still told", {"none", "some"}},
         {"had routes", {"yes", "no"}},
         {"sessions closed", {"yes", "no"}},
         {"dataplane settled", {"yes", "no"}},
         {"asked twice", {"yes", "no"}},
         {"deadline passed", {"yes", "no"}}},
        [](const Row& row) {
            auto stop = stop_in(row.at("phase"), is(row, "had routes", "yes"));
            const auto deadline = stop.deadline().value_or(start);
            if (is(row, "asked twice", "yes") && stop.phase() != StopPhase::running) {
                stop.request(start);
            }
            const StopProgress progress{.peers_told = is(row, "peers still told", "some") ? 2U : 0U,
                                        .sessions_closed = is(row, "sessions closed", "yes"),
                                        .dataplane_settled = is(row, "dataplane settled", "yes")};
            const auto now = is(row, "deadline passed", "yes") ? deadline : deadline - 1ms;
            const bool changed = stop.advance(progress, now);
            CHECK(to_string(stop.phase()) == row.at("next phase"));
            CHECK(changed == !is(row, "phase", row.at("next phase")));
        });
}

TEST_CASE("every phase of a stop lasts at most what the table says") {
    for (const auto& row : table("stop deadlines")) {
        INFO(test::to_string(row));
        StopSequence stop(waits);
        stop.request(start);
        auto now = start;
        for (int steps = 0; steps < 10 && to_string(stop.phase()) != row.at("phase"); ++steps) {
            now = *stop.deadline();
            stop.advance({.peers_told = 1}, now);
        }
        REQUIRE(to_string(stop.phase()) == row.at("phase"));
        const auto& text = row.at("at most");
        const Duration expected = text == "gshut_wait"      ? waits.gshut_wait
                                  : text == "withdraw_wait" ? waits.withdraw_wait
                                                            : Duration(3s);
        CHECK(stop.deadline() == now + expected);
    }
}

TEST_CASE("a step is overdue when its table says so") {
    const std::vector<std::pair<std::string, Step>> steps{{"address", Step::address},
                                                          {"service", Step::service},
                                                          {"destinations", Step::destinations},
                                                          {"announce", Step::announce}};
    const auto step_of = [&](const std::string& text) -> std::optional<Step> {
        for (const auto& [name, step] : steps) {
            CHECK(to_string(step) == name);
            if (text == name) return step;
        }
        return std::nullopt;
    };
    for (const auto& row : table("pending")) {
        INFO(test::to_string(row));
        std::optional<PendingStep> known;
        if (const auto step = step_of(row.at("pending")))
            known = PendingStep{*step, start - seconds_of(row.at("begun")), false};
        const auto pending = pending_step(known, step_of(row.at("waits for")), start);
        CHECK((pending ? std::optional(pending->step) : std::nullopt) ==
              step_of(row.at("then pending")));
        if (pending) CHECK(pending->since == start - seconds_of(row.at("then begun")));
        CHECK((pending && pending->overdue) == is(row, "overdue", "yes"));
        check_look_again(row, overdue_at(pending));
    }
}

TEST_CASE("doubt is what its table says") {
    for (const auto& row : table("doubt")) {
        INFO(test::to_string(row));
        std::optional<Suspicion> suspicion;
        if (!is(row, "latest evidence", "never")) {
            suspicion = Suspicion{start - seconds_of(row.at("first evidence")),
                                  start - seconds_of(row.at("latest evidence")),
                                  {"timers-late", "a probe started 2s late"}};
        }
        const auto decided = decide_doubt(suspicion, seconds_of(row.at("suspect_max")), start);
        CHECK(to_string(decided.doubt) == row.at("doubt"));
        check_look_again(row, decided.deadline);
    }
}

TEST_CASE("control probes are evidence as their table says") {
    const std::vector<std::string> states{"up", "unknown", "down", "never"};
    const auto probe = [](bool loopback, const std::string& state) {
        ControlProbe probe;
        probe.loopback = loopback;
        probe.name = state;
        probe.proven = state == "up" || state == "down";
        if (state != "unknown") probe.health = state == "up" ? Health::up : Health::down;
        return probe;
    };
    check_states(
        "control",
        {{"loopback", states}, {"first named host", states}, {"second named host", states}},
        [&](const Row& row) {
            const auto evidence = control_evidence({probe(true, row.at("loopback")),
                                                    probe(false, row.at("first named host")),
                                                    probe(false, row.at("second named host"))});
            CHECK(evidence.has_value() == is(row, "evidence", "yes"));
            if (evidence) CHECK(evidence->code == "control-probe");
        });
}

TEST_CASE("the brake goes on and off as its table says") {
    for (const auto& row : table("brake")) {
        INFO(test::to_string(row));
        BrakeConfig config;
        config.min_vips = static_cast<unsigned>(number(row, "min_vips"));
        config.share = Fraction::parse(row.at("share")).value();
        config.window = 10s;
        const auto ago = [&](std::string_view column) -> std::optional<TimePoint> {
            const auto& text = row.find(column)->second;
            if (text == "–") return std::nullopt;
            return start - (text == "now" ? 0s : std::chrono::seconds(std::stoi(text)));
        };
        BrakeDecision previous;
        if (is(row, "brake", "on")) previous.since = start - 1min;
        previous.eased_since = ago("eased since");
        std::vector<BrakeVip> vips;
        const auto add = [&](std::string_view column, BrakeVip vip) {
            vips.insert(vips.end(), number(row, column), vip);
        };
        const auto counted_from = previous.since.value_or(start) - config.window;
        add("failed within the window", {false, counted_from + 1ms});
        add("failed earlier", {false, counted_from});
        add("announced", {true, std::nullopt});
        const auto decided = decide_brake(vips, config, previous, start);
        CHECK((decided.since ? "on" : "off") == row.at("then"));
        if (decided.since) CHECK(*decided.since == previous.since.value_or(start));
        CHECK(decided.eased_since == ago("eased then"));
    }
}

TEST_CASE("an address is braked as its table says") {
    const std::vector<std::string> either{"yes", "no"};
    check_states("braked",
                 {{"caught", either},
                  {"ready again", either},
                  {"carries traffic", either},
                  {"leaving", either},
                  {"braked before", either}},
                 [](const Row& row) {
                     const BrakedInput input{.caught = is(row, "caught", "yes"),
                                             .ready = is(row, "ready again", "yes"),
                                             .carries = is(row, "carries traffic", "yes"),
                                             .leaving = is(row, "leaving", "yes"),
                                             .braked = is(row, "braked before", "yes")};
                     CHECK(decide_braked(input) == is(row, "braked", "yes"));
                 });
}
