#include "ipvs/reconciler.hpp"

#include "ipvs/diff.hpp"
#include "src/base/overloaded.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace vipd::ipvs {

namespace {

/// Changes after which no further service is added to what is to be written at once: memory stays
/// small and warm.
constexpr std::size_t batch = 1000;

/// Conflicts in a row on one service before they count as refusals: somebody is writing against us.
constexpr int conflict_limit = 2;

/// Whether the answer says that our picture of the entry is wrong, or leaves open what became of it
/// (net/netfilter/ ipvs/ip_vs_ctl.c: ESRCH no such service, ENOENT no such destination; ENOBUFS and
/// ETIMEDOUT: the answer got lost).
bool is_conflict(const Change& change, int error) {
    if (error == ENOBUFS || error == ETIMEDOUT) return true;
    return std::visit(
        overloaded{
            [&](const AddService&) { return error == EEXIST; },  // ENOENT here: no such scheduler
            [&](const EditService&) { return error == ESRCH; },
            [&](const RemoveService&) { return error == ESRCH; },
            [&](const AddDestination&) { return error == EEXIST || error == ESRCH; },
            [&](const EditDestination&) { return error == ENOENT || error == ESRCH; },
            [&](const RemoveDestination&) { return error == ENOENT || error == ESRCH; },
        },
        change);
}

const Service* find(const Table& table, const ServiceKey& key) {
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
}

}  // namespace

Reconciler::Reconciler(KernelOptions options) : options_(options) {}

void Reconciler::configure(const KernelOptions& options) {
    options_ = options;
    if (options.on_drift == OnDrift::report || options.read_only) return;
    std::erase_if(withheld_, [this](const auto& entry) {
        if (entry.second.error) return false;
        dirty_.insert(entry.first.service);
        return true;
    });
}

void Reconciler::observe(Table table) {
    actual_ = std::move(table);
    unread_.clear();
    for (const auto& [key, service] : wanted_)
        dirty_.insert(key);
}

std::vector<Change> Reconciler::observe(const ServiceKey& key, std::optional<Service> service) {
    if (service) {
        actual_[key] = std::move(*service);
    } else {
        actual_.erase(key);
    }
    // Differences we already know of are no drift: just wanted, or just answered with a conflict.
    const bool expected = unread_.erase(key) > 0 || dirty_.contains(key);
    if (!wanted_.contains(key)) return {};
    dirty_.insert(key);
    if (expected) return {};
    const auto planned = difference(key);
    std::vector<Change> drift;
    std::ranges::copy_if(planned, std::back_inserter(drift),
                         [&](const Change& change) { return !same_as_withheld(planned, change); });
    if (options_.on_drift == OnDrift::report) withhold(drift);
    return drift;
}

void Reconciler::want(WantedServices services) {
    for (auto& [key, service] : services) {
        const bool is_new = !wanted_.contains(key);
        auto& wanted = wanted_[key];
        if (!is_new && wanted == service) continue;
        wanted = std::move(service);
        dirty_.insert(key);
        // What we never looked at, or believe gone and shall remove, may be there by somebody
        // else's hand.
        const bool unsure = is_new || (!wanted && !actual_.contains(key));
        if (unsure && wanted_once_) unread_.insert(key);
    }
    wanted_once_ = true;
}

std::vector<Change> Reconciler::changes(TimePoint now) {
    for (const auto& [target, held] : withheld_) {
        if (held.error && held.next_try <= now) dirty_.insert(target.service);
    }
    std::vector<Change> due;
    for (auto entry = dirty_.begin(); entry != dirty_.end() && due.size() < batch;) {
        if (unread_.contains(*entry)) {
            ++entry;
            continue;
        }
        add_due(*entry, now, due);
        entry = dirty_.erase(entry);
    }
    put_in_order(due);
    return due;
}

void Reconciler::add_due(const ServiceKey& key, TimePoint now, std::vector<Change>& due) {
    auto planned = difference(key);
    forget_outdated(key, planned);
    if (options_.read_only) return withhold(planned);
    if (planned.empty()) return settle(key);
    for (Change& change : planned) {
        const Withheld* held = withheld(change);
        const bool waits = held != nullptr && (!held->error || held->next_try > now);
        // A service that may not be added takes no destinations either.
        if (waits && std::holds_alternative<AddService>(change)) return;
        if (!waits) due.push_back(std::move(change));
    }
}

std::vector<Applied> Reconciler::applied(std::vector<Applied> answers, TimePoint now) {
    std::set<ServiceKey> not_added;
    std::set<ServiceKey> in_conflict;
    std::vector<Applied> news;
    news.reserve(answers.size());
    for (Applied& answer : answers) {
        const ServiceKey key = service_of(answer.change);
        if (!answer.error) {
            acknowledged(answer.change);
            news.push_back(std::move(answer));
            continue;
        }
        if (not_added.contains(key)) continue;
        if (is_conflict(answer.change, answer.error->code) && conflicts_[key] < conflict_limit) {
            in_conflict.insert(key);
            continue;
        }
        if (std::holds_alternative<AddService>(answer.change)) not_added.insert(key);
        refused(answer.change, *answer.error, now);
        news.push_back(std::move(answer));
    }
    for (const Applied& answer : news) {
        if (conflicts_.empty()) break;
        if (!in_conflict.contains(service_of(answer.change))) {
            conflicts_.erase(service_of(answer.change));
        }
    }
    for (const ServiceKey& key : in_conflict) {
        ++conflicts_[key];
        unread_.insert(key);
        dirty_.insert(key);
    }
    return news;
}

std::optional<TimePoint> Reconciler::next_deadline() const {
    std::optional<TimePoint> earliest;
    for (const auto& [target, held] : withheld_) {
        if (held.error && (!earliest || held.next_try < *earliest)) earliest = held.next_try;
    }
    return earliest;
}

std::vector<Refusal> Reconciler::refusals() const {
    std::vector<Refusal> refusals;
    for (const auto& [target, held] : withheld_) {
        if (held.error) refusals.push_back({held.change, *held.error, held.next_try});
    }
    return refusals;
}

std::vector<Change> Reconciler::unmade() const {
    std::vector<Change> changes;
    for (const auto& [target, held] : withheld_) {
        if (!held.error) changes.push_back(held.change);
    }
    put_in_order(changes);
    return changes;
}

bool Reconciler::in_sync() const {
    return wanted_once_ && dirty_.empty() && unread_.empty() && withheld_.empty();
}

std::vector<Change> Reconciler::difference(const ServiceKey& key) const {
    const auto& wanted = wanted_.at(key);
    return diff(key, find(actual_, key), wanted ? &*wanted : nullptr);
}

const Reconciler::Withheld* Reconciler::withheld(const Change& change) const {
    if (withheld_.empty())
        return nullptr;  // as a rule, and then large tables need not be looked up
    const auto found = withheld_.find(target_of(change));
    return found != withheld_.end() && found->second.change == change ? &found->second : nullptr;
}

bool Reconciler::same_as_withheld(const std::vector<Change>& planned, const Change& change) const {
    if (withheld(change) != nullptr) return true;
    // Destinations wait with the service they would be added to.
    return std::holds_alternative<AddService>(planned.front()) &&
           withheld(planned.front()) != nullptr;
}

void Reconciler::forget_outdated(const ServiceKey& key, const std::vector<Change>& planned) {
    auto entry = withheld_.lower_bound(Target{key, std::nullopt});
    while (entry != withheld_.end() && entry->first.service == key) {
        const bool still_wanted = std::ranges::find(planned, entry->second.change) != planned.end();
        entry = still_wanted ? std::next(entry) : withheld_.erase(entry);
    }
}

void Reconciler::withhold(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
        withheld_.insert_or_assign(target_of(change), Withheld{change, std::nullopt, {}, {}});
    }
}

void Reconciler::refused(const Change& change, const KernelError& error, TimePoint now) {
    const Withheld* before = withheld(change);
    const Duration delay = before == nullptr ? options_.retry_first
                                             : std::min(before->delay * 2, options_.retry_longest);
    withheld_.insert_or_assign(target_of(change), Withheld{change, error, now + delay, delay});
}

void Reconciler::acknowledged(const Change& change) {
    carry_out(actual_, change);
    if (!withheld_.empty()) withheld_.erase(target_of(change));
    if (std::holds_alternative<RemoveService>(change)) settle(service_of(change));
}

void Reconciler::settle(const ServiceKey& key) {
    const auto entry = wanted_.find(key);
    if (entry != wanted_.end() && !entry->second) wanted_.erase(entry);
}

}  // namespace vipd::ipvs
