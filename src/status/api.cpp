#include "src/status/api.hpp"

#include "src/status/event_json.hpp"
#include "src/status/request_target.hpp"
#include "src/status/status_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace vipd {
namespace {

constexpr std::size_t default_limit = 1000;

struct Question {
    const HttpRequest& request;
    const RequestTarget& target;
    const ApiState& state;
};

HttpResponse not_ready() {
    auto response = error_response(503, "starting", "nothing is known yet: the daemon is starting");
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

Detail detail(const Question& question) {
    return question.target.flag("summary") ? Detail::summary : Detail::full;
}

HttpResponse get_status(const Question& question) {
    return json_response(200, status_json(*question.state.snapshot, detail(question)));
}

HttpResponse get_service(const Question& question) {
    const auto& services = question.state.snapshot->services;
    const auto& name = question.target.path[2];
    const auto found = services.find(name);
    if (found == services.end()) {
        return error_response(
            404, "no-such-service",
            fmt::format("there is no service \"{}\"; /v1/services lists all", name));
    }
    return json_response(200, service_json(*question.state.snapshot, *found->second));
}

HttpResponse get_vips(const Question& question) {
    return json_response(200, vips_json(*question.state.snapshot));
}

HttpResponse get_peers(const Question& question) {
    return json_response(200, peers_json(*question.state.snapshot));
}

HttpResponse get_alerts(const Question& question) {
    return json_response(200, alerts_json(*question.state.snapshot));
}

HttpResponse checks_response(const std::vector<Check>& checks) {
    return json_response(all_ok(checks) ? 200 : 503, checks_json(checks));
}

HttpResponse get_healthz(const Question& question) {
    return checks_response(liveness(question.state.threads, question.state.now));
}

HttpResponse get_readyz(const Question& question) {
    return checks_response(readiness(question.state.snapshot));
}

HttpResponse get_services(const Question& question);
HttpResponse get_events(const Question& question);

/// needs: what must be there before the handler may be called.
enum class Needs { nothing, snapshot };

struct Route {
    std::string_view method;
    std::string_view path;  // "{}" stands for one segment
    Needs needs;
    HttpResponse (*handler)(const Question&);
};

constexpr std::array routes{
    Route{"GET", "/v1/status", Needs::snapshot, get_status},
    Route{"GET", "/v1/services", Needs::snapshot, get_services},
    Route{"GET", "/v1/services/{}", Needs::snapshot, get_service},
    Route{"GET", "/v1/vips", Needs::snapshot, get_vips},
    Route{"GET", "/v1/peers", Needs::snapshot, get_peers},
    Route{"GET", "/v1/alerts", Needs::snapshot, get_alerts},
    Route{"GET", "/v1/events", Needs::nothing, get_events},
    Route{"GET", "/healthz", Needs::nothing, get_healthz},
    Route{"GET", "/readyz", Needs::nothing, get_readyz},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
    std::size_t segment = 0;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);  // the slash
        const auto part = pattern.substr(0, pattern.find('/'));
        if (segment == path.size() || (part != "{}" && part != path[segment])) return false;
        ++segment;
        pattern.remove_prefix(part.size());
    }
    return segment == path.size();
}

std::string paths() {
    std::string list;
    for (const auto& route : routes) {
        if (!list.empty()) list += ' ';
        list += route.path;
    }
    return list;
}

HttpResponse no_such_path() {
    return error_response(404, "not-found", "there is no such path; these exist: " + paths());
}

HttpResponse wrong_method(const std::string& allowed) {
    auto response =
        error_response(405, "method-not-allowed", "only " + allowed + " is accepted here");
    response.headers.emplace_back("Allow", allowed);
    return response;
}

/// RFC 9110 §13.1.2: weak comparison with each entry of the list.
bool none_match_holds(std::string_view header, const std::string& etag) {
    if (header == "*") return true;
    while (!header.empty()) {
        auto entry = header.substr(0, header.find(','));
        header.remove_prefix(std::min(header.size(), entry.size() + 1));
        while (entry.starts_with(' '))
            entry.remove_prefix(1);
        while (entry.ends_with(' '))
            entry.remove_suffix(1);
        if (entry.starts_with("W/")) entry.remove_prefix(2);
        if (entry == etag) return true;
    }
    return false;
}

HttpResponse run(const Route& route, const Question& question) {
    if (route.needs == Needs::nothing) return route.handler(question);
    if (question.state.snapshot == nullptr) return not_ready();
    const auto& etag = question.state.etag;
    auto response = none_match_holds(question.request.if_none_match, etag)
                        ? text_response(304, "")
                        : route.handler(question);
    if (response.status == 200 || response.status == 304)
        response.headers.emplace_back("ETag", etag);
    return response;
}

/// The whole of the text as a number.
std::optional<std::uint64_t> to_number(const std::string& text) {
    std::uint64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// The limit asked for; nothing if it is not a number from 1 up.
std::optional<std::size_t> read_limit(const RequestTarget& target) {
    if (!target.query.contains("limit")) return default_limit;
    const auto limit = to_number(target.text("limit"));
    return limit == 0U ? std::nullopt : limit;
}

HttpResponse bad_limit() {
    return error_response(400, "bad-limit", "limit must be a number from 1 up");
}

/// The service's name, VIP or one of its servers' names or addresses contains the text.
bool mentions(const ServiceView& service, const std::string& text) {
    if (service.name.find(text) != std::string::npos || service.vip.find(text) != std::string::npos)
        return true;
    return std::ranges::any_of(service.pools, [&](const PoolView& pool) {
        if (pool.vip_address.to_string().find(text) != std::string::npos) return true;
        return std::ranges::any_of(pool.servers, [&](const ServerView& server) {
            return server.name.find(text) != std::string::npos ||
                   server.address.to_string().find(text) != std::string::npos;
        });
    });
}

/// Something about the service wants a look: a pool unfit, a server not pooled, or held.
bool is_impaired(const ServiceView& service) {
    return std::ranges::any_of(service.pools, [](const PoolView& pool) {
        return !pool.fit || pool.held > 0 || pool.pooled < pool.configured;
    });
}

bool selected(const ServiceView& service, const RequestTarget& target) {
    const auto text = target.text("q");
    const auto vip = target.text("vip");
    if (!vip.empty() && service.vip != vip) return false;
    if (target.flag("impaired") && !is_impaired(service)) return false;
    return text.empty() || mentions(service, text);
}

HttpResponse get_services(const Question& question) {
    const auto limit = read_limit(question.target);
    if (!limit) return bad_limit();
    const auto& services = question.state.snapshot->services;
    const auto from = services.lower_bound(question.target.text("from"));
    ServicePage page;
    for (auto entry = from; entry != services.end(); ++entry) {
        if (!selected(*entry->second, question.target)) continue;
        ++page.matched;
        if (page.services.size() < *limit) {
            page.services.push_back(entry->second.get());
        } else if (page.next.empty()) {
            page.next = entry->first;
        }
    }
    return json_response(200, services_json(*question.state.snapshot, page, detail(question)));
}

HttpResponse get_events(const Question& question) {
    const auto limit = read_limit(question.target);
    if (!limit) return bad_limit();
    const auto after = question.target.query.contains("after")
                           ? to_number(question.target.text("after"))
                           : std::optional<std::uint64_t>(0);
    if (!after) return error_response(400, "bad-after", "after must be the id of an event");
    const EventFilter filter{question.target.text("code"), question.target.text("subject")};
    return json_response(200, events_json(question.state.events->newest(*after, filter, *limit)));
}

}  // namespace

HttpResponse answer(const HttpRequest& request, const ApiState& state) {
    const auto target = RequestTarget::parse(request.target);
    if (!target)
        return error_response(400, "bad-target", "the request's path or query cannot be read");
    const auto method = request.method == "HEAD" ? "GET" : request.method;
    std::string allowed;
    for (const auto& route : routes) {
        if (!matches(route.path, target->path)) continue;
        if (route.method == method) return run(route, {request, *target, state});
        allowed = route.method == "GET" ? "GET, HEAD" : route.method;
    }
    return allowed.empty() ? no_such_path() : wrong_method(allowed);
}

}  // namespace vipd
