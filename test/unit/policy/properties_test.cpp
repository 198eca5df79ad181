// What must hold whatever happens: random sequences of verdicts, admin actions, acknowledgements,
// refusals, reloads, restarts and planned leaving, seeded, so that a failure can be repeated.

#include "src/policy/announce_policy.hpp"
#include "src/policy/fitness.hpp"
#include "src/policy/pool_policy.hpp"
#include "test/unit/policy/pools.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace vipd;
using namespace std::chrono_literals;
using monitors::Health;

namespace {

/// One VIP address with one service, and the kernel behind it.
class Site {
public:
    explicit Site(unsigned seed) : random_(seed) {
        for (int i = 0; i < pick(1, 12); ++i)
            add_server();
        reload_rules();
        decide();
    }

    void step() {
        now_ += Duration(pick(0, 4000));
        switch (pick(0, 9)) {
            case 0:
            case 1:
            case 2:
            case 3:
                judge_one();
                break;
            case 4:
                administer_one();
                break;
            case 5:
            case 6:
                acknowledge();
                break;
            case 7:
                refuse_or_lose();
                break;
            case 8:
                reload();
                break;
            case 9:
                leave_or_restart();
                break;
        }
        decide();
    }

    const std::vector<PoolMember>& members() const { return members_; }
    const PoolRules& rules() const { return rules_; }
    const FitnessRules& fitness_rules() const { return fitness_rules_; }
    const PoolDecision& decision() const { return decision_; }
    const FitnessInput& fitness_input() const { return fitness_input_; }
    const Fitness& fitness() const { return fitness_; }
    const AnnounceDecision& announcement() const { return announcement_; }
    const AnnounceMemory& before() const { return before_; }
    bool present() const { return present_; }
    bool leaving() const { return leaving_ != AnnounceInput::Leaving::no; }
    TimePoint now() const { return now_; }

    /// Everything that was decided, as text.
    std::string state() const {
        std::string text;
        for (const auto& decided : decision_.members) {
            text += std::string(to_string(decided.placement)) + decided.reason.text + "\n";
        }
        return text + fitness_.reason.text + "\n" + announcement_.reason.text + "\n" +
               std::string(to_string(announcement_.announcement()));
    }

private:
    int pick(int least, int most) {
        return least + static_cast<int>(random_() % static_cast<unsigned>(most - least + 1));
    }
    bool chance(int percent) { return pick(1, 100) <= percent; }
    PoolMember& any_member() {
        return members_[static_cast<std::size_t>(pick(0, static_cast<int>(members_.size()) - 1))];
    }

    void add_server() {
        auto member = test::up_server("s" + std::to_string(++last_server_));
        member.health = Health::unknown;
        member.weight = chance(90) ? pick(1, 100) : 0;
        members_.push_back(std::move(member));
    }

    void judge_one() {
        auto& member = any_member();
        member.adopted_weight.reset();
        if (chance(45)) {
            member.health = Health::up;
            return;
        }
        if (member.health == Health::up) member.went_down = now_;
        member.health = Health::down;
    }

    void administer_one() {
        auto& member = any_member();
        member.admin = static_cast<Admin>(pick(0, 2));
        member.admin_text = "because of alice";
        member.drained = chance(50);
    }

    /// The kernel makes what is wanted, or a part of it.
    void acknowledge() {
        programmed_ = true;
        present_ = true;
        const bool all = chance(70);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (all || chance(50)) kernel_[members_[i].name] = decision_.members[i].kernel_weight;
        }
    }

    void refuse_or_lose() {
        if (chance(30)) present_ = false;
        if (chance(30)) {
            programmed_ = false;
            kernel_.clear();
        }
        if (chance(50)) kernel_.erase(any_member().name);
    }

    void reload_rules() {
        rules_.depool_threshold = *Fraction::parse("0." + std::to_string(pick(0, 99)));
        rules_.quiesce_down = chance(50);
        rules_.drain_by_removal = chance(50);
        rules_.may_leave.reset();
        if (chance(50)) rules_.may_leave = static_cast<std::size_t>(pick(0, 3));
        fitness_rules_.min_up = static_cast<unsigned>(pick(0, 3));
        fitness_rules_.min_up_share = *Fraction::parse("0." + std::to_string(pick(0, 9)));
    }

    void reload() {
        if (chance(30)) reload_rules();
        if (chance(50)) add_server();
        if (chance(50) && members_.size() > 1) {
            members_.erase(members_.begin() + pick(0, static_cast<int>(members_.size()) - 1));
        }
    }

    void leave_or_restart() {
        leaving_ = static_cast<AnnounceInput::Leaving>(pick(0, 2));
        if (chance(70)) return;
        const bool announced = announcement_.announcement() != Announcement::withdrawn;
        announcement_ = {};
        announcement_.memory.last_announced = announced;
        fitness_ = {};
        for (auto& member : members_) {
            member.health = Health::unknown;
            member.adopted_weight = kernel_[member.name];
        }
    }

    std::size_t up_programmed() {
        return static_cast<std::size_t>(
            std::ranges::count_if(members_, [&](const PoolMember& member) {
                return member.admin == Admin::enabled && member.health == Health::up &&
                       kernel_[member.name].value_or(0) > 0;
            }));
    }

    void decide() {
        for (auto& member : members_)
            member.carries = carries_[member.name];
        decision_ = decide_pool(members_, rules_);
        for (std::size_t i = 0; i < members_.size(); ++i)
            carries_[members_[i].name] = test::carries_traffic(decision_.members[i]);
        fitness_input_ = {.up = decision_.up,
                          .enabled = decision_.enabled,
                          .floor = decision_.floor,
                          .programmed = programmed_,
                          .up_programmed = up_programmed(),
                          .refused = std::nullopt,
                          .was_fit = fitness_.fit};
        fitness_ = decide_fitness(fitness_input_, fitness_rules_);
        const bool judged = std::ranges::all_of(members_, [](const PoolMember& member) {
            return member.admin != Admin::enabled || member.health != Health::unknown;
        });
        const std::vector<ServiceFitness> services{{"web", fitness_.fit, fitness_.reason, judged}};
        AnnounceInput input;
        input.services = services;
        input.present = present_;
        input.leaving = leaving_;
        input.leaving_reason = test::because("maintenance");
        before_ = announcement_.memory;
        announcement_ = decide_announcement(input, {{}, hold_down}, before_, now_);
    }

public:
    static constexpr Duration hold_down{10000};

private:
    std::mt19937 random_;
    TimePoint now_{1h};
    int last_server_ = 0;
    std::vector<PoolMember> members_;
    PoolRules rules_;
    FitnessRules fitness_rules_;
    std::map<std::string, std::optional<std::int32_t>> kernel_;
    std::map<std::string, bool> carries_;
    bool programmed_ = false;
    bool present_ = false;
    AnnounceInput::Leaving leaving_ = AnnounceInput::Leaving::no;
    PoolDecision decision_;
    FitnessInput fitness_input_;
    Fitness fitness_;
    AnnounceMemory before_;
    AnnounceDecision announcement_;
};

bool could_carry(const PoolMember& member) {
    return member.admin == Admin::enabled && member.weight > 0 &&
           (member.health != Health::unknown || member.adopted_weight.value_or(0) > 0);
}

void check_pool(const Site& site) {
    const auto& decision = site.decision();
    std::size_t willing = 0;
    for (std::size_t i = 0; i < site.members().size(); ++i) {
        const auto& member = site.members()[i];
        const auto& decided = decision.members[i];
        willing += could_carry(member) ? 1U : 0U;
        const bool carries = test::carries_traffic(decided);
        INFO(member.name << " " << to_string(decided.placement) << ": " << decided.reason.text);
        CHECK(carries == (decided.placement != Placement::depooled));
        if (decided.placement == Placement::held) CHECK(member.health == Health::down);
        if (carries) CHECK(could_carry(member));
        if (member.health == Health::up && could_carry(member)) CHECK(carries);
        CHECK_FALSE(decided.reason.code.empty());
        CHECK_FALSE(decided.reason.text.empty());
    }
    // The floor is only ever broken by the configuration, by operators, or for want of servers.
    CHECK(test::carrying(decision) >= std::min(decision.floor, willing));
    // Nothing is held that neither the floor nor the limit needs.
    if (decision.held > decision.waiting)
        CHECK(test::carrying(decision) - decision.waiting <= decision.floor);
    std::size_t left = 0;
    for (std::size_t i = 0; i < site.members().size(); ++i) {
        const bool down = is_down(site.members()[i]);
        const bool carries = test::carries_traffic(decision.members[i]);
        left += site.members()[i].carries && down && !carries ? 1U : 0U;
    }
    const auto may_leave = site.rules().may_leave.value_or(left);
    CHECK(left <= may_leave);
    if (decision.waiting > 0) CHECK(left == may_leave);
}

void check_fitness(const Site& site) {
    const auto& fitness = site.fitness();
    CHECK_FALSE(fitness.reason.code.empty());
    CHECK_FALSE(fitness.reason.text.empty());
    if (!fitness.fit) return;
    const auto& input = site.fitness_input();
    CHECK(input.programmed);
    CHECK(input.up >= 1);
    CHECK(input.up_programmed >= 1);
    CHECK(input.up >= site.fitness_rules().min_up);
    if (!input.was_fit) CHECK(input.up >= input.floor);
}

void check_announcement(const Site& site) {
    const auto& decided = site.announcement();
    CHECK_FALSE(decided.reason.code.empty());
    CHECK_FALSE(decided.reason.text.empty());
    if (decided.deadline) CHECK(*decided.deadline > site.now());
    if (decided.announcement() == Announcement::withdrawn) return;
    CHECK(site.fitness().fit);
    CHECK(site.present());
    CHECK(site.leaving() == (decided.announcement() == Announcement::draining));
    const bool comes_back = site.before().announcement == Announcement::withdrawn;
    if (comes_back && site.before().failed) {
        CHECK(site.now() - decided.memory.ready_since.value() >= Site::hold_down);
    }
}

}  // namespace

TEST_CASE("whatever happens, floor, fitness and announcements hold their promises") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        Site site(seed);
        for (int i = 0; i < 100; ++i) {
            INFO("seed " << seed << ", step " << i);
            site.step();
            check_pool(site);
            check_fitness(site);
            check_announcement(site);
        }
    }
}

TEST_CASE("the same events give the same states") {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        Site first(seed);
        Site second(seed);
        for (int i = 0; i < 100; ++i) {
            first.step();
            second.step();
            REQUIRE(first.state() == second.state());
        }
    }
}

TEST_CASE("deciding again without news changes nothing") {
    for (unsigned seed = 1; seed <= 100; ++seed) {
        Site site(seed);
        for (int i = 0; i < 50; ++i) {
            site.step();
            CHECK(decide_pool(site.members(), site.rules()) == site.decision());
            auto input = site.fitness_input();
            input.was_fit = site.fitness().fit;
            CHECK(decide_fitness(input, site.fitness_rules()).fit == site.fitness().fit);
        }
    }
}
