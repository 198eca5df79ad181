#include "src/control/controller.hpp"

#include "src/base/overloaded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {

using monitors::Health;

Controller::Controller(Config config, TimePoint now)
    : names_(static_cast<std::size_t>(now.time_since_epoch().count())),
      config_(with_addresses(std::move(config), {})),
      model_(build_model(config_, next_probe_, now)),
      started_(now),
      start_deadline_(now + start_deadline(config_)),
      stop_(config_.stop),
      service_views_(model_.services.size()),
      vip_views_(model_.vips.size()) {
    follow_control();
    config_view_.tried = config_view_.good_at = now;
    config_view_.accepted = 1;
    names_.use(host_names(config_), now);
    start_all_probes();
}

void Controller::start_all_probes() {
    outputs_.probes = control_.plans();
    each_probe(model_, [this](const Server&, const ProbeState& probe) {
        if (probe.may_run()) outputs_.probes.push_back(probe.plan);
    });
}

std::string Controller::probe_subject(monitors::ProbeId id) const {
    if (const auto* control = control_.find(id)) return control->name;
    const auto found = model_.probes.find(id);
    if (found == model_.probes.end()) return {};
    const auto& place = found->second;
    const auto& service = model_.services[place.service];
    const auto& server = service.pools[place.pool].servers[place.server];
    return subject(service, server) + " " + server.probes[place.probe].verdict.type;
}

void Controller::handle(const monitors::Verdict& verdict, TimePoint now) {
    if (control_.find(verdict.id) != nullptr) return note_control(verdict, now);
    const auto found = model_.probes.find(verdict.id);
    if (found == model_.probes.end()) return;  // of a monitor that a reload has removed
    const bool bad_news = verdict.health == Health::down;
    if (bad_news) review_doubt(now);
    const auto doubt = decide_doubt(suspicion_, config_.suspect_max, now).doubt;
    if (bad_news && doubt == Doubt::frozen) return freeze(found->second, verdict, now);
    frozen_.erase(verdict.id);
    latency_.begin(verdict.because_of.finished, now);
    apply_verdict(found->second, verdict, now);
    latency_.end();
}

void Controller::apply_verdict(const ProbePlace& place, const monitors::Verdict& verdict,
                               TimePoint now) {
    auto& service = model_.services[place.service];
    auto& pool = service.pools[place.pool];
    auto& server = pool.servers[place.server];
    auto& probe = server.probes[place.probe];
    probe.verdict.health = verdict.health;
    probe.verdict.reason = verdict.because_of.reason;
    probe.since = verdict.because_of.finished;
    probe.restored = false;
    service_views_[place.service].reset();
    if (place.service < saved_services_.size()) saved_services_[place.service].reset();
    outputs_.save_state = true;

    judge_server(service, pool, server,
                 fmt::format("{}: {}", probe.verdict.type, verdict.because_of.reason.text), now);
    decide_pool_of({place.service, place.pool}, now);
}

void Controller::judge_server(const Service& service, Pool& pool, Server& server,
                              std::string because, TimePoint now) {
    const auto before = std::exchange(server.health, judge(server)).health;
    if (before == server.health.health) return;

    server.health_since = now;
    server.adopted_weight.reset();
    if (before == Health::up && server.health.health == Health::down)
        server.went_down = pool.last_fall = now;
    pool.last_event =
        events_.add(fmt::format("server-{}", monitors::to_string(server.health.health)),
                    subject(service, server), std::move(because));
}

void Controller::handle(const ipvs::KernelReport& report, TimePoint now) {
    latency_.note(report, now);
    observe_kernel(report, now);
    if (report.read_error) return;
    if (report.table) {
        observe_table(*report.table, now);
        if (!kernel_read_) {
            adopt(*report.table, now);
            kernel_read_ = true;
            begin(now);
        }
    }
    for (const auto& applied : report.applied)
        observe_applied(applied);
    observe_services(report, now);
    follow_paths();
    if (report.statistics) observe_statistics(report);
    observe_refusals(report);
    observe_unmade(report);
    observe_addresses(report);
    decide_touched(report, now);
    advance_departures(now);
    advance_stop(now);
}

/// A table read anew may have changed anything; otherwise only what was acknowledged or refused.
void Controller::decide_touched(const ipvs::KernelReport& report, TimePoint now) {
    if (report.table) return decide_everything(now);
    std::set<PoolPlace> touched;
    for (const auto& [key, service] : report.services) {
        if (const auto found = model_.pools.find(key); found != model_.pools.end())
            touched.insert(found->second);
    }
    if (report.statistics) {
        for (const auto& [place, when] : drains_.all())
            touched.insert(place);  // it may be idle now
    }
    for (const auto& place : touched)
        decide_pool_of(place, now);
    if (report.addresses.empty() && report.address_errors.empty()) return;
    for (std::size_t v = 0; v < model_.vips.size(); ++v)
        decide_vip(v, std::nullopt, now);
}

void Controller::handle(const bgp::SpeakerEvent& event, TimePoint now) {
    const auto find_addresses = [this](auto&& act) {
        for (std::size_t v = 0; v < model_.vips.size(); ++v) {
            for (auto& address : model_.vips[v].addresses) {
                if (act(address)) vip_views_[v].reset();
            }
        }
        for (auto& departure : departing_vips_) {
            for (auto& address : departure.addresses)
                act(address);
        }
    };
    std::visit(overloaded{
                   [&](const bgp::PeerChanged& changed) {
                       auto& known = peers_[changed.status.name];
                       if (!known || known->state != changed.status.state) {
                           using enum bgp::SessionState;
                           const bool lost = known && known->state == established;
                           const auto state = bgp::to_string(changed.status.state);
                           events_.add(lost ? "peer-lost" : fmt::format("peer-{}", state),
                                       changed.status.name, changed.status.reason_text);
                       }
                       known = std::make_shared<const bgp::PeerStatus>(changed.status);
                   },
                   [&](const bgp::RoutesWritten& written) {
                       latency_.note(written);
                       const std::set<bgp::Prefix> advertised(written.advertised.begin(),
                                                              written.advertised.end());
                       const std::set<bgp::Prefix> withdrawn(written.withdrawn.begin(),
                                                             written.withdrawn.end());
                       find_addresses([&](VipAddress& address) {
                           const auto prefix = bgp::Prefix::host(address.address);
                           if (advertised.contains(prefix)) {
                               return address.advertised_to.insert(written.peer).second;
                           }
                           return withdrawn.contains(prefix) &&
                                  address.advertised_to.erase(written.peer) > 0;
                       });
                   },
                   [&](const bgp::RoutesLost& lost) {
                       latency_.note(lost);
                       find_addresses([&](VipAddress& address) {
                           return address.advertised_to.erase(lost.peer) > 0;
                       });
                   },
               },
               event);
    note_pending_routes(now);
    advance_departures(now);
    advance_stop(now);
}

Outputs Controller::take_outputs() {
    note_ownership(outputs_.kernel);
    if (initial_set_complete()) outputs_.initial_set_complete = true;
    outputs_.events = events_.take();
    return std::exchange(outputs_, {});
}

}  // namespace vipd
