#include "test/unit/control/site.hpp"

#include "ipvs/diff.hpp"
#include "ipvs/memory_backend.hpp"

#include <algorithm>
#include <stdexcept>

namespace vipd::test {

Site site_with_all_up(unsigned servers) {
    Site site(small_config(servers));
    site.read_kernel();
    for (unsigned i = 1; i <= servers; ++i)
        site.up("s" + std::to_string(i));
    return site;
}

Address ip(const std::string& text) {
    const auto address = Address::parse(text);
    if (!address) throw std::invalid_argument(text);
    return *address;
}

Config small_config(unsigned servers) {
    Config config;
    config.node = "lb1";
    config.bgp = BgpConfig{};
    config.monitors.control.loopback = false;
    VipConfig vip;
    vip.addresses = {ip("203.0.113.10")};
    config.vips["web"] = vip;
    ServiceConfig service;
    service.vip = "web";
    service.port = 80;
    service.monitors.push_back({});
    for (unsigned i = 1; i <= servers; ++i) {
        ServerConfig server;
        server.addresses = {ip("10.0.0." + std::to_string(i))};
        service.servers["s" + std::to_string(i)] = server;
    }
    config.services["web-80"] = service;
    return config;
}

Site::Site(Config config, ipvs::Table found_at_start)
    : controller(std::move(config), now), table(std::move(found_at_start)) {
    carry();
}

void Site::read_kernel() {
    ipvs::KernelReport report;
    report.table = std::make_shared<const ipvs::Table>(table);
    report.at = now;
    controller.handle(report, now);
    carry();
}

void Site::sweep() {
    behind_ = true;
    read_kernel();
}

void Site::count(const std::map<std::string, Connections>& connections) {
    ipvs::Statistics statistics;
    for (const auto& [key, service] : table) {
        for (const auto& [destination, value] : service.destinations) {
            const auto counted = connections.find(destination.address.to_string());
            auto& found = statistics[key].destinations[destination];
            if (counted == connections.end()) continue;
            found.active_connections = counted->second.active;
            found.inactive_connections = counted->second.inactive;
        }
    }
    ipvs::KernelReport report;
    report.statistics = std::make_shared<const ipvs::Statistics>(std::move(statistics));
    report.counted_since = report.at = now;
    controller.handle(report, now);
    carry();
}

void Site::settle() {
    kernel_answers = true;
    refuse_services = false;
    behind_ = false;
    const auto wanted = wanted_;
    write_kernel(wanted);
}

void Site::verdict(const std::string& server, monitors::Health health, const std::string& service) {
    const auto snapshot = controller.snapshot(now);
    std::set<Address> targets;
    for (const auto& pool : snapshot->services.at(service)->pools) {
        for (const auto& view : pool.servers) {
            if (view.name == server) targets.insert(view.address);
        }
    }
    for (const auto& [id, plan] : probes_) {
        if (!targets.contains(plan.target.address)) continue;
        monitors::Verdict verdict;
        verdict.id = id;
        verdict.health = health;
        verdict.because_of.success = health == monitors::Health::up;
        verdict.because_of.reason = {"test", "the test says so"};
        verdict.because_of.finished = now;
        controller.handle(verdict, now);
        carry();
    }
}

void Site::control(const std::string& name, monitors::Health health) {
    for (const auto& [id, plan] : probes_) {
        if (controller.probe_subject(id) != name) continue;
        monitors::Verdict verdict;
        verdict.id = id;
        verdict.health = health;
        verdict.because_of.reason = {"test", "the test says so"};
        verdict.because_of.finished = now;
        controller.handle(verdict, now);
        carry();
        return;
    }
    throw std::invalid_argument("no control probe " + name);
}

void Site::evidence(const std::string& code) {
    controller.handle(monitors::Evidence{{code, code + " as the test says"}, now}, now);
    carry();
}

std::vector<std::string> Site::alerts() {
    std::vector<std::string> codes;
    const auto snapshot = controller.snapshot(now);
    for (const auto& alert : snapshot->alerts)
        codes.push_back(alert.code);
    std::ranges::sort(codes);
    return codes;
}

void Site::wait(Duration time) {
    const auto until = now + time;
    while (const auto deadline = controller.deadline()) {
        if (*deadline > until) break;
        now = std::max(now, *deadline);
        controller.tick(now);
        carry();
    }
    now = until;
    carry();
}

void Site::reload(const Config& config) {
    controller.reload(config, now);
    carry();
}

void Site::answer(const NameAnswer& said) {
    controller.handle(said, now);
    carry();
}

void Site::restore(State state) {
    state.saved_at = wall();
    state.boot_id = "boot";
    controller.restore(state, state.boot_id, now, wall());
    carry();
}

void Site::stop() {
    controller.request_stop(now);
    carry();
}

void Site::keep_state() {
    keeps_state_ = true;
    save();
}

WallTime Site::wall() const {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now.time_since_epoch()));
}

void Site::save() {
    saves.emplace_back(now, controller.state(now, wall()));
}

void Site::connect_router() {
    router_up_ = true;
    write_routes();
}

void Site::lose_router() {
    router_up_ = false;
    router.clear();
    controller.handle(bgp::SpeakerEvent{bgp::RoutesLost{"cr1"}}, now);
    carry();
}

void Site::carry() {
    auto outputs = controller.take_outputs();
    for (auto& plan : outputs.probes)
        probes_[plan.id] = plan;
    for (const auto id : outputs.stopped_probes)
        probes_.erase(id);
    std::ranges::move(outputs.questions, std::back_inserter(questions_));
    for (auto& event : outputs.events)
        events_.push_back(std::move(event));
    for (auto& [prefix, route] : outputs.routes) {
        wanted_routes_[prefix] = route;
        told.push_back({now, prefix, route});
    }
    if (!outputs.routes.empty()) write_routes();
    if (!outputs.kernel.services.empty() || !outputs.kernel.addresses.empty()) {
        write_kernel(outputs.kernel);
    }
    if (outputs.save_state && keeps_state_) save();
    routes_complete = routes_complete || outputs.initial_set_complete;
    if (outputs.close_sessions) {
        journal.emplace_back("router: cease");
        controller.sessions_closed(now);
        carry();
    }
    if (outputs.finished && !finished) {
        finished = true;
        journal.emplace_back("exit");
    }
}

void Site::write_kernel(const ipvs::WantedChange& wanted) {
    for (auto* known : {&unanswered_, &wanted_}) {
        for (const auto& [key, service] : wanted.services)
            known->services[key] = service;
        for (const auto& [address, present] : wanted.addresses)
            known->addresses[address] = present;
    }
    behind_ = behind_ || !kernel_answers || refuse_services;
    if (!kernel_answers) return;
    ipvs::KernelReport report;
    report.at = now;
    for (const auto& [address, present] : unanswered_.addresses) {
        report.addresses[address] = present;
        if (addresses.contains(address) == present) continue;
        if (present) addresses.insert(address);
        if (!present) addresses.erase(address);
        journal.push_back("kernel: address " + address.address.to_string() +
                          (present ? " on" : " off"));
    }
    ipvs::MemoryBackend backend(table);
    const auto planned = ipvs::diff(table, unanswered_.services);
    if (refuse_services) {
        for (const auto& change : planned) {
            const ipvs::KernelError error{2, "No such scheduler"};
            report.refusals.push_back({change, error, now});
            report.applied.push_back({change, error});
        }
    } else {
        report.applied = backend.apply(planned);
        for (const auto& change : planned)
            journal.push_back("kernel: " + to_string(change));
        table = backend.table();
    }
    for (const auto& [key, service] : unanswered_.services) {
        const auto found = table.find(key);
        report.services[key] = found == table.end() ? std::nullopt : std::optional(found->second);
    }
    report.in_sync = !refuse_services;
    unanswered_ = {};
    controller.handle(report, now);
    carry();
}

void Site::write_routes() {
    if (!router_up_) return;
    bgp::RoutesWritten written;
    written.peer = "cr1";
    written.at = now;
    for (const auto& [prefix, route] : wanted_routes_) {
        const auto known = router.find(prefix);
        if (route && (known == router.end() || known->second != *route)) {
            router[prefix] = *route;
            written.advertised.push_back(prefix);
            const bool leaving = std::ranges::count(route->communities, bgp::graceful_shutdown) > 0;
            journal.push_back("router: " + prefix.to_string() +
                              (leaving ? " leaving" : " announced"));
        }
        if (!route && known != router.end()) {
            router.erase(known);
            written.withdrawn.push_back(prefix);
            journal.push_back("router: " + prefix.to_string() + " withdrawn");
        }
    }
    if (written.advertised.empty() && written.withdrawn.empty()) return;
    controller.handle(bgp::SpeakerEvent{written}, now);
    carry();
}

std::map<std::string, int> Site::kernel(const std::string& vip, std::uint16_t port) const {
    std::map<std::string, int> weights;
    const auto found = table.find(ipvs::VirtualEndpoint{ipvs::Protocol::tcp, {ip(vip), port}});
    if (found == table.end()) return weights;
    for (const auto& [key, destination] : found->second.destinations) {
        weights[key.address.to_string()] = destination.weight;
    }
    return weights;
}

bool Site::announced(const std::string& address) const {
    return router.contains(bgp::Prefix::host(ip(address)));
}

ServerView Site::server(const std::string& name, const std::string& service) {
    const auto snapshot = controller.snapshot(now);
    for (const auto& view : snapshot->services.at(service)->pools.front().servers) {
        if (view.name == name) return view;
    }
    throw std::invalid_argument(name);
}

}  // namespace vipd::test
