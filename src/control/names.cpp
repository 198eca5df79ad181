// Host names of servers: answers of the DNS, judged and made into a configuration with other
// addresses (docs/configuration.md, "Host names").

#include "src/config/shrink_guard.hpp"
#include "src/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {
namespace {

/// Answers that come within this time of each other are one change.
constexpr Duration settle_time{100};

std::string text_of(const FamilyAddresses& addresses) {
    std::string text;
    for (const auto& [family, address] : addresses)
        text += (text.empty() ? "" : ", ") + address.to_string();
    return text.empty() ? "nothing" : text;
}

bool loses_address(const Server& server, const FamilyAddresses& next) {
    const auto found = next.find(server.destination.address.family());
    return found == next.end() || found->second != server.destination.address;
}

/// Counted anew: answers come before the first decision, too.
struct PoolCount {
    std::size_t up = 0;
    std::size_t enabled = 0;
    std::size_t floor = 0;
};

PoolCount count(const Service& service, const Pool& pool) {
    const auto number = [&](const auto& which) {
        return static_cast<std::size_t>(std::ranges::count_if(pool.servers, which));
    };
    return {number([](const Server& server) { return server.counts_as_up(); }),
            number([](const Server& server) { return server.admin == Admin::enabled; }),
            service.config.depool_threshold.ceil_of(pool.servers.size())};
}

/// As for a drain; a pool of which no server may ever leave can still follow its names one by one.
bool may_leave(const PoolCount& pool, std::size_t leaving) {
    return pool.up >= pool.floor + leaving || (leaving == 1 && pool.up == pool.enabled);
}

/// The servers that have one of these names.
ServersByName servers_named(const Model& model, const std::set<std::string>& names) {
    ServersByName found;
    for (std::size_t s = 0; s < model.services.size(); ++s) {
        for (std::size_t p = 0; p < model.services[s].pools.size(); ++p) {
            for (const auto& server : model.services[s].pools[p].servers) {
                if (server.host_name && names.contains(*server.host_name))
                    found[*server.host_name].push_back({{s, p}, &server});
            }
        }
    }
    return found;
}

}  // namespace

void Controller::look_up(const HostNames& names, TimePoint now) {
    names_.look_up(names, now);
    ask_due_names(now);
}

void Controller::ask_due_names(TimePoint now) {
    auto questions = names_.take_due(now);
    if (questions.empty()) return;
    name_views_.reset();
    std::ranges::move(questions, std::back_inserter(outputs_.questions));
}

void Controller::handle(const NameAnswer& answer, TimePoint now) {
    const auto known = names_.all().find(answer.name);
    if (known == names_.all().end()) return;
    const auto before = known->second;
    const auto usable = [this](const Address& address) {
        return !address.is_unspecified() && !address.is_multicast() && !address.is_link_local() &&
               std::ranges::none_of(config_.vips, [&](const auto& vip) {
                   const auto& own = vip.second.addresses;
                   return std::ranges::find(own, address) != own.end();
               });
    };
    names_.take(answer, usable, now);
    note_name(answer.name, before);
    if (names_.fresh().empty()) return;
    if (!names_due_) names_due_ = now + settle_time;
}

/// What has become of a name is told when it changes.
void Controller::note_name(const std::string& name, const HostName& before) {
    const auto& entry = names_.all().at(name);
    name_views_.reset();
    if (entry.problem == before.problem) return;
    if (entry.addresses.empty()) {
        for (std::size_t s = 0; s < model_.services.size(); ++s) {
            if (!model_.services[s].config.unresolved.empty()) service_views_[s].reset();
        }
    }
    if (!entry.problem) {
        events_.add("name-good", name, "it stands for " + text_of(entry.addresses));
    } else if (entry.addresses.empty()) {
        events_.add("name-unresolved", name, *entry.problem);
    } else {
        events_.add("name-stale", name,
                    fmt::format("{}; {} stays in use", *entry.problem, text_of(entry.addresses)));
    }
}

/// Those of the new answers that leave their pools with enough; the others are refused.
std::set<std::string> Controller::acceptable_names(TimePoint now) {
    const auto fresh = names_.fresh();
    const auto named = servers_named(model_, fresh);
    std::map<PoolPlace, std::size_t> leaving;
    std::set<std::string> acceptable;
    for (const auto& name : fresh) {
        auto with_this = leaving;
        const auto objection = objection_to(name, named, with_this);
        if (objection) {
            refuse_answer(name, *objection, now);
        } else {
            acceptable.insert(name);
            leaving = std::move(with_this);
        }
    }
    return acceptable;
}

/// Adds those that would leave to `leaving`.
std::optional<std::string> Controller::objection_to(
    const std::string& name, const ServersByName& named,
    std::map<PoolPlace, std::size_t>& leaving) const {
    const auto servers = named.find(name);
    if (servers == named.end()) return std::nullopt;
    const auto& proposed = names_.all().at(name).proposal->addresses;
    for (const auto& [place, server] : servers->second) {
        if (!server->counts_as_up() || !loses_address(*server, proposed)) continue;
        const auto& service = model_.services[place.service];
        const auto& pool = service.pools[place.pool];
        const auto counted = count(service, pool);
        if (may_leave(counted, ++leaving[place])) continue;
        return fmt::format(
            "{}: {} of {} servers are up, {} of them with the address that they had, "
            "and at least {} must stay (depool_threshold {})",
            subject(service, pool), counted.up, pool.servers.size(), counted.up - leaving[place],
            counted.floor, service.config.depool_threshold.to_string());
    }
    return std::nullopt;
}

void Controller::refuse_answer(const std::string& name, const std::string& why, TimePoint now) {
    const auto before = names_.all().at(name);
    names_.refuse(
        name,
        fmt::format("the answer {} is not taken: {}", text_of(before.proposal->addresses), why),
        now);
    note_name(name, before);
}

/// The configuration with these answers.
Config Controller::proposed_config(const std::set<std::string>& names) const {
    auto addresses = names_.addresses();
    for (const auto& name : names)
        addresses[name] = names_.all().at(name).proposal->addresses;
    return with_addresses(config_, addresses);
}

void Controller::review_names(TimePoint now) {
    names_due_.reset();
    const auto names = acceptable_names(now);
    if (names.empty()) return;
    auto next = proposed_config(names);
    const auto objections = shrink_objections(config_, next);
    if (objections.empty()) return use_answers(names, std::move(next), now);
    for (const auto& name : names)
        refuse_answer(name, fmt::format("{}", fmt::join(objections, "; ")), now);
}

void Controller::take_refused_answers(TimePoint now) {
    names_.propose_again();
    const auto names = names_.fresh();
    if (!names.empty()) use_answers(names, proposed_config(names), now);
}

void Controller::use_answers(const std::set<std::string>& names, Config next, TimePoint now) {
    std::map<std::string, EventId> changed;
    for (const auto& name : names) {
        const auto before = names_.all().at(name);
        names_.accept(name, now);
        const auto& entry = names_.all().at(name);
        changed[name] = events_.add(
            "name-changed", name,
            fmt::format("{} -> {}", text_of(before.addresses), text_of(entry.addresses)));
        note_name(name, before);
        outputs_.reread_lists = outputs_.reread_lists || !entry.used;
    }
    outputs_.save_state = true;
    note_causes(changed);
    if (next != config_) change_to(std::move(next), now);
}

/// What becomes of a name's servers follows from its answer.
void Controller::note_causes(const std::map<std::string, EventId>& changed) {
    for (auto& service : model_.services) {
        for (auto* servers : {&service.config.servers, &service.config.unresolved}) {
            for (const auto& [name, server] : *servers) {
                if (!server.host_name) continue;
                const auto event = changed.find(*server.host_name);
                if (event == changed.end()) continue;
                for (auto& pool : service.pools)
                    pool.last_event = event->second;
            }
        }
    }
}

Reason Controller::unresolved_reason(const std::string& host_name) const {
    const auto found = names_.all().find(host_name);
    const auto say = [&](const std::string& why) {
        return Reason{"name-unresolved", host_name + ": " + why};
    };
    if (found == names_.all().end()) return say("it is not asked for");
    const auto& entry = found->second;
    if (!entry.addresses.empty())
        return say(text_of(entry.addresses) +
                   " is a VIP, or another server of the service has it with this port");
    return say(entry.problem.value_or("no answer yet"));
}

std::shared_ptr<const NameViews> Controller::name_views() const {
    auto views = std::make_shared<NameViews>();
    for (const auto& [name, entry] : names_.all()) {
        NameView view{name, {}, entry.good_at, names_.due(name), entry.problem};
        for (const auto& [family, address] : entry.addresses)
            view.addresses.push_back(address);
        views->push_back(std::move(view));
    }
    return views;
}

void Controller::alert_names(const AddAlert& add) const {
    for (const auto& [name, entry] : names_.all()) {
        if (!entry.used || !entry.problem || entry.addresses.empty()) continue;
        add("name-stale", name,
            fmt::format("{}; {} stays in use", *entry.problem, text_of(entry.addresses)));
    }
    for (const auto& service : model_.services) {
        for (const auto& [name, server] : service.config.unresolved)
            add("name-unresolved", service.name + "/" + name,
                unresolved_reason(*server.host_name).text);
    }
}

}  // namespace vipd
