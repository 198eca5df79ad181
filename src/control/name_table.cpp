#include "src/control/name_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace vipd {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using Kind = FamilyAnswer::Kind;

constexpr seconds shortest_ttl = 5s;
constexpr seconds longest_ttl = 1h;
constexpr Duration first_retry = 1s;
constexpr Duration last_retry = 60s;
/// A list of servers that cannot be used because of a name is tried again when that is resolved,
/// but not for ever.
constexpr auto look_up_time = 1h;

std::optional<Address> find(const FamilyAddresses& addresses, Family family) {
    const auto found = addresses.find(family);
    return found == addresses.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Address> usable_ones(const std::vector<Address>& addresses,
                                 const std::function<bool(const Address&)>& usable) {
    std::vector<Address> some;
    std::ranges::copy_if(addresses, std::back_inserter(some), usable);
    return some;
}

/// Servers do not move because an answer is in another order.
Address choose(const std::vector<Address>& addresses, const std::optional<Address>& in_use) {
    if (in_use && std::ranges::find(addresses, *in_use) != addresses.end()) return *in_use;
    return *std::ranges::min_element(addresses);
}

/// What to make of the answers of all families; no addresses: nothing, and the problem says why.
Proposal weigh(const NameAnswer& answer, const HostName& known,
               const std::function<bool(const Address&)>& usable) {
    Proposal proposal{.addresses = {}, .ttl = longest_ttl, .problem = std::nullopt};
    bool any = false;
    std::string lacking;
    std::string_view failing;
    for (const auto& [family, said] : answer.families) {
        const auto in_use = find(known.addresses, family);
        const auto addresses = usable_ones(said.addresses, usable);
        if (!addresses.empty()) {
            any = true;
            proposal.addresses[family] = choose(addresses, in_use);
            proposal.ttl = std::min(proposal.ttl, said.ttl);
        } else if (said.kind == Kind::none) {
            lacking = said.text;
        } else {
            failing = to_string(family);
            proposal.problem = said.kind == Kind::failed
                                   ? said.text
                                   : fmt::format("{}, which no server can have",
                                                 said.addresses.front().to_string());
            if (in_use) proposal.addresses[family] = *in_use;
        }
    }
    if (any && proposal.problem)
        proposal.problem = fmt::format("{}: {}", failing, *proposal.problem);
    if (any) return proposal;
    if (!proposal.problem) proposal.problem = lacking;
    proposal.addresses.clear();
    return proposal;
}

}  // namespace

HostName& NameTable::wanted(const std::string& name, const std::set<Family>& families,
                            TimePoint now) {
    const auto [found, fresh] = names_.try_emplace(name);
    auto& entry = found->second;
    if (fresh || !std::ranges::includes(entry.families, families)) due_.set(name, now);
    entry.families = families;
    return entry;
}

void NameTable::use(const HostNames& names, TimePoint now) {
    for (auto& [name, entry] : names_)
        entry.used = false;
    for (const auto& [name, families] : names)
        wanted(name, families, now).used = true;
    forget_unwanted(now);
}

void NameTable::look_up(const HostNames& names, TimePoint now) {
    for (const auto& [name, families] : names) {
        auto all = families;
        if (const auto known = names_.find(name); known != names_.end())
            all.insert(known->second.families.begin(), known->second.families.end());
        wanted(name, all, now).wanted_until = now + look_up_time;
    }
}

void NameTable::forget_unwanted(TimePoint now) {
    for (auto next = names_.begin(); next != names_.end();) {
        const auto& [name, entry] = *next;
        if (entry.used || (entry.wanted_until && now < *entry.wanted_until)) {
            ++next;
            continue;
        }
        due_.set(name, std::nullopt);
        fresh_.erase(name);
        next = names_.erase(next);
    }
}

void NameTable::restore(const std::string& name, const FamilyAddresses& addresses,
                        TimePoint good_at) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    found->second.addresses = addresses;
    found->second.good_at = good_at;
}

std::vector<NameQuestion> NameTable::take_due(TimePoint now) {
    const auto due = due_.due(now);
    if (!due.empty()) forget_unwanted(now);
    std::vector<NameQuestion> questions;
    for (const auto& name : due) {
        const auto found = names_.find(name);
        if (found == names_.end()) continue;
        due_.set(name, std::nullopt);
        questions.push_back({name, found->second.families});
    }
    return questions;
}

void NameTable::take(const NameAnswer& answer, const std::function<bool(const Address&)>& usable,
                     TimePoint now) {
    const auto found = names_.find(answer.name);
    if (found == names_.end()) return;
    auto& entry = found->second;
    entry.answered = true;
    entry.proposal.reset();
    fresh_.erase(answer.name);
    auto weighed = weigh(answer, entry, usable);
    if (weighed.addresses.empty()) {
        fail(answer.name, entry, weighed.problem.value_or("no answer"), now);
    } else if (weighed.addresses == entry.addresses) {
        conclude(answer.name, entry, weighed, now);
    } else {
        entry.proposal = std::move(weighed);
        fresh_.insert(answer.name);
    }
}

void NameTable::accept(const std::string& name, TimePoint now) {
    auto& entry = names_.at(name);
    const auto proposal = *std::exchange(entry.proposal, std::nullopt);
    fresh_.erase(name);
    entry.addresses = proposal.addresses;
    conclude(name, entry, proposal, now);
}

void NameTable::refuse(const std::string& name, std::string why, TimePoint now) {
    fresh_.erase(name);
    fail(name, names_.at(name), std::move(why), now);
}

void NameTable::propose_again() {
    for (const auto& [name, entry] : names_) {
        if (entry.proposal) fresh_.insert(name);
    }
}

void NameTable::conclude(const std::string& name, HostName& entry, const Proposal& answer,
                         TimePoint now) {
    entry.good_at = now;
    if (answer.problem) return fail(name, entry, *answer.problem, now);
    entry.problem.reset();
    entry.failures = 0;
    const auto ttl = std::clamp(answer.ttl, shortest_ttl, longest_ttl);
    due_.set(name, now + ttl + ttl * spread(name, 0) / (16 * 256));
}

void NameTable::fail(const std::string& name, HostName& entry, std::string why, TimePoint now) {
    constexpr unsigned most_doublings = 6;
    const auto step = first_retry * (1 << std::min(entry.failures, most_doublings));
    ++entry.failures;
    const auto wait = std::min<Duration>(step, last_retry);
    due_.set(name, now + wait - wait * spread(name, entry.failures) / (4 * 256));
    entry.problem = std::move(why);
}

/// 0 to 255.
std::size_t NameTable::spread(const std::string& name, std::size_t salt) const {
    constexpr std::size_t mix = 0x9e3779b97f4a7c15;
    const auto mixed = (std::hash<std::string>{}(name) ^ (seed_ + salt * mix)) * mix;
    return mixed >> (sizeof mixed * 8 - 8);
}

std::optional<TimePoint> NameTable::due(const std::string& name) const {
    const auto found = due_.all().find(name);
    return found == due_.all().end() ? std::nullopt : std::optional(found->second);
}

NameAddresses NameTable::addresses() const {
    NameAddresses addresses;
    for (const auto& [name, entry] : names_) {
        if (!entry.addresses.empty())
            addresses.emplace_hint(addresses.end(), name, entry.addresses);
    }
    return addresses;
}

bool NameTable::contains(const HostNames& names) const {
    return std::ranges::all_of(
        names, [this](const auto& wanted) { return names_.contains(wanted.first); });
}

bool NameTable::is_settled(const std::string& name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) return false;
    const auto& entry = found->second;
    return !entry.addresses.empty() || (entry.answered && !fresh_.contains(name));
}

}  // namespace vipd
