#include "ipvs/keeper.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vipd::ipvs {

namespace {

/// From so many unread services on, reading the whole table is cheaper than one by one.
constexpr std::size_t many = 64;

bool says_anything(const KernelReport& report) {
    return !report.applied.empty() || report.table || !report.addresses.empty() ||
           !report.drift.empty() || report.statistics || report.timeouts_error || report.read_error;
}

/// Only the timeouts that are wanted to be something else than they are.
bool differs(const Timeouts& wanted, const Timeouts& actual) {
    const auto other = [](std::uint32_t want, std::uint32_t have) {
        return want != 0 && want != have;
    };
    return other(wanted.tcp_seconds, actual.tcp_seconds) ||
           other(wanted.tcp_fin_seconds, actual.tcp_fin_seconds) ||
           other(wanted.udp_seconds, actual.udp_seconds);
}

}  // namespace

Keeper::Keeper(Backend& backend, AddressBackend& addresses, const KernelOptions& options)
    : backend_(backend),
      address_backend_(addresses),
      options_(options),
      reconciler_(options),
      addresses_(options) {}

void Keeper::configure(const KernelOptions& options) {
    options_ = options;
    reconciler_.configure(options);
}

std::optional<KernelReport> Keeper::round(WantedChange wanted, TimePoint now) {
    KernelReport report;
    report.at = now;
    table_is_news_ = false;
    const bool asked =
        !wanted.services.empty() || !wanted.addresses.empty() || wanted.timeouts.has_value();
    auto questions = asked ? take(std::move(wanted), now) : Asked{};
    if (!loaded_) {
        load(report, now);
    } else {
        write(report, now);
        if (!asked) sweep(report, now);
        answer(std::move(questions), report);
    }
    if (table_is_news_) report.table = std::make_shared<const Table>(reconciler_.actual());
    if (!asked && !says_anything(report)) return std::nullopt;
    report.refusals = reconciler_.refusals();
    report.unmade = reconciler_.unmade();
    report.address_errors = addresses_.errors();
    report.in_sync = !unwritten_ && reconciler_.in_sync() && addresses_.in_sync();
    return report;
}

TimePoint Keeper::next_deadline() const {
    if (!loaded_) return read_again_;
    const bool reading = !reconciler_.unread().empty() || addresses_.has_unread() || unwritten_;
    TimePoint deadline = reading ? read_again_ : std::max(sweep_.next_deadline(), read_again_);
    if (const auto retry = reconciler_.next_deadline()) deadline = std::min(deadline, *retry);
    if (const auto retry = addresses_.next_deadline()) deadline = std::min(deadline, *retry);
    return deadline;
}

void Keeper::load(KernelReport& report, TimePoint now) {
    if (now < read_again_) return;
    read_whole(report, now);
    if (report.read_error) return;
    loaded_ = true;
    counted_since_ = now;
    sweep_.begin(sweep_.services(), options_.resync_interval, now);
}

Keeper::Asked Keeper::take(WantedChange wanted, TimePoint now) {
    Asked asked;
    std::vector<ServiceKey> added;
    for (const auto& [key, service] : wanted.services) {
        asked.services.insert(key);
        if (!reconciler_.wanted().contains(key)) added.push_back(key);
    }
    for (const auto& [address, present] : wanted.addresses)
        asked.addresses.push_back(address);
    sweep_.add(std::move(added), options_.resync_interval, now);
    reconciler_.want(std::move(wanted.services));
    addresses_.want(wanted.addresses);
    if (wanted.timeouts) {
        timeouts_ = wanted.timeouts;
        timeouts_asked_ = true;
    }
    unwritten_ = true;
    return asked;
}

// What needs no write is in no acknowledgement, and who asks for it may not know that it is there:
// a service, or a server of it, that was removed and is wanted again before the removal was
// written.
void Keeper::answer(Asked asked, KernelReport& report) const {
    for (const auto& address : asked.addresses) {
        if (const auto present = addresses_.presence(address))
            report.addresses.try_emplace(address, *present);
    }
    if (table_is_news_) return;
    for (const auto& applied : report.applied)
        asked.services.insert(service_of(applied.change));
    for (const auto& key : asked.services) {
        if (reconciler_.unread().contains(key)) continue;
        const auto known = reconciler_.actual().find(key);
        report.services[key] =
            known == reconciler_.actual().end() ? std::nullopt : std::optional(known->second);
    }
}

void Keeper::write(KernelReport& report, TimePoint now) {
    unwritten_ = false;
    if (addresses_.has_unread() && now >= read_again_) read_addresses(report, now);
    write_addresses(true, report, now);
    write_services(report, now);
    write_addresses(false, report, now);
    if (std::exchange(timeouts_asked_, false)) keep_timeouts(report);
}

// Comes to an end: every change is acknowledged, or refused and then waits, or in conflict, which
// is bounded.
void Keeper::write_services(KernelReport& report, TimePoint now) {
    while (true) {
        read_unread(report, now);
        const auto changes = reconciler_.changes(now);
        if (changes.empty()) return;
        auto news = reconciler_.applied(backend_.apply(changes), now);
        std::ranges::move(news, std::back_inserter(report.applied));
    }
}

void Keeper::read_unread(KernelReport& report, TimePoint now) {
    if (now < read_again_ || reconciler_.unread().empty()) return;
    if (reconciler_.unread().size() >= many) return read_whole(report, now);
    const auto unread = reconciler_.unread();
    for (const ServiceKey& key : unread) {
        read_one(key, report, now);
        if (report.read_error) return;
    }
}

void Keeper::read_whole(KernelReport& report, TimePoint now) {
    auto table = backend_.read();
    if (!table) return read_failed(report, table.error(), now);
    read_delay_ = Duration{0};
    reconciler_.observe(std::move(*table));
    table_is_news_ = true;
}

void Keeper::read_one(const ServiceKey& key, KernelReport& report, TimePoint now) {
    auto reading = backend_.read_service(key);
    if (!reading) return read_failed(report, reading.error(), now);
    read_delay_ = Duration{0};
    const bool was_unread = reconciler_.unread().contains(key);
    const auto known = reconciler_.actual().find(key);
    const bool as_known = known == reconciler_.actual().end()
                              ? !reading->has_value()
                              : reading->has_value() && (*reading)->service == known->second;
    std::optional<Service> service;
    if (*reading) {
        statistics_.insert_or_assign(key, std::move((*reading)->statistics));
        service = std::move((*reading)->service);
    }
    auto drift = reconciler_.observe(key, std::move(service));
    if (!drift.empty()) sweep_.hurry();
    std::ranges::move(drift, std::back_inserter(report.drift));
    if (was_unread || !as_known) table_is_news_ = true;
}

void Keeper::read_addresses(KernelReport& report, TimePoint now) {
    const auto present = address_backend_.read();
    if (!present) return read_failed(report, present.error(), now);
    report.addresses.merge(addresses_.observe(*present));
}

void Keeper::write_addresses(bool wanted, KernelReport& report, TimePoint now) {
    if (options_.read_only) return;
    for (const auto& vip : wanted ? addresses_.to_add(now) : addresses_.to_remove(now)) {
        const auto answer = wanted ? address_backend_.add(vip.interface, vip.address)
                                   : address_backend_.remove(vip.interface, vip.address);
        if (answer) {
            addresses_.done(vip);
            report.addresses.insert_or_assign(vip, wanted);
        } else {
            addresses_.refused(vip, answer.error(), now);
            report.addresses.insert_or_assign(vip, !wanted);
        }
    }
}

void Keeper::keep_timeouts(KernelReport& report) {
    if (!timeouts_) return;
    const auto actual = backend_.read_timeouts();
    if (!actual) {
        report.timeouts_error = actual.error();
        return;
    }
    if (options_.read_only || !differs(*timeouts_, *actual)) return;
    const auto answer = backend_.set_timeouts(*timeouts_);
    if (!answer) report.timeouts_error = answer.error();
}

void Keeper::sweep(KernelReport& report, TimePoint now) {
    if (now < read_again_) return;
    if (sweep_.over(now)) return end_sweep(report, now);
    const auto key = sweep_.take(now);
    if (!key) return;
    read_one(*key, report, now);
    // Drift is repaired in the round that found it.
    if (!report.drift.empty()) write_services(report, now);
}

void Keeper::end_sweep(KernelReport& report, TimePoint now) {
    read_addresses(report, now);
    keep_timeouts(report);
    write_addresses(true, report, now);
    write_addresses(false, report, now);
    auto statistics = std::exchange(statistics_, {});
    if (!std::exchange(sweep_failed_, false)) {
        report.statistics = std::make_shared<const Statistics>(std::move(statistics));
        report.counted_since = counted_since_;
    }
    counted_since_ = now;
    auto services = sweep_.services();
    std::erase_if(services,
                  [this](const auto& key) { return !reconciler_.wanted().contains(key); });
    sweep_.begin(std::move(services), options_.resync_interval, now);
}

void Keeper::read_failed(KernelReport& report, const KernelError& error, TimePoint now) {
    read_delay_ = read_delay_ == Duration{0} ? options_.retry_first
                                             : std::min(read_delay_ * 2, options_.retry_longest);
    read_again_ = now + read_delay_;
    sweep_failed_ = true;
    report.read_error = error;
}

}  // namespace vipd::ipvs
