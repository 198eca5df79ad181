#include "src/status/api.hpp"

#include "src/status/command_json.hpp"
#include "src/status/event_json.hpp"
#include "src/status/metrics.hpp"
#include "src/status/page.hpp"
#include "src/status/pybal_pages.hpp"
#include "src/status/request_target.hpp"
#include "src/status/service_selection.hpp"
#include "src/status/status_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace vipd {
namespace {

/// In one answer over TCP, so that nobody can ask for all of a large site with one line: about
/// 1 MiB. The Unix socket is the operator's.
constexpr std::size_t most_services = 1000;
constexpr std::size_t most_servers = 1000;

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

HttpResponse bad_limit() {
    return error_response(400, "bad-limit", "limit must be a number from 1 up");
}

Detail detail(const Question& question) {
    return question.target.flag("summary") ? Detail::summary : Detail::full;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

/// RFC 9110 §13.1.2: weak comparison with each entry of the list.
bool none_match_holds(std::string_view header, const std::string& etag) {
    if (header == "*") return true;
    while (!header.empty()) {
        const auto comma = header.find(',');
        auto entry = trimmed(header.substr(0, comma));
        header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
        if (entry.starts_with("W/")) entry.remove_prefix(2);
        if (entry == etag) return true;
    }
    return false;
}

Answer get_status(const Question& question) {
    return json_response(200, status_json(*question.state.snapshot, detail(question)));
}

PageLimit page_limit(const Question& question, std::size_t asked) {
    PageLimit limit{.services = asked};
    if (question.request.caller) return limit;
    limit.services = std::min(asked, most_services);
    if (detail(question) == Detail::full) limit.servers = most_servers;
    return limit;
}

Answer get_services(const Question& question) {
    const auto limit = read_limit(question.target);
    if (!limit) return bad_limit();
    const auto page =
        select_services(*question.state.snapshot, question.target, page_limit(question, *limit));
    return json_response(200, services_json(*question.state.snapshot, page, detail(question)));
}

HttpResponse no_such_service(const std::string& name) {
    return error_response(404, "no-such-service",
                          fmt::format("there is no service \"{}\"; /v1/services lists all", name));
}

Answer get_service(const Question& question) {
    const auto& services = question.state.snapshot->services;
    const auto& name = question.target.path[2];
    const auto found = services.find(name);
    if (found == services.end()) return no_such_service(name);
    return json_response(200,
                         service_json(*question.state.snapshot, *found->second, detail(question)));
}

Answer get_vips(const Question& question) {
    return json_response(200, vips_json(*question.state.snapshot));
}

Answer get_peers(const Question& question) {
    return json_response(200, peers_json(*question.state.snapshot));
}

Answer get_names(const Question& question) {
    return json_response(200, names_json(*question.state.snapshot));
}

Answer get_alerts(const Question& question) {
    return json_response(200, alerts_json(*question.state.snapshot));
}

bool wants_stream(const HttpRequest& request) {
    return std::ranges::any_of(request.accept, [](const std::string& line) {
        return line.find("text/event-stream") != std::string::npos;
    });
}

/// Where a reader of events stands: what the browser remembers, else what the query says, else
/// `otherwise`. Nothing if that cannot be read.
std::optional<std::uint64_t> events_after(const Question& question, std::uint64_t otherwise) {
    if (!question.request.last_event_id.empty()) return to_number(question.request.last_event_id);
    if (!question.target.query.contains("after")) return otherwise;
    return to_number(question.target.text("after"));
}

Answer get_events(const Question& question) {
    const auto limit = read_limit(question.target);
    if (!limit) return bad_limit();
    const auto& ring = *question.state.events;
    const bool stream = wants_stream(question.request);
    const auto after = events_after(question, stream ? ring.last_id() : 0);
    if (!after) return error_response(400, "bad-after", "after must be the id of an event");
    EventFilter filter{question.target.text("code"), question.target.text("subject")};
    if (stream) return Subscription{std::move(filter), *after, question.target.flag("changes")};
    return json_response(200, events_json(ring.newest(*after, filter, *limit)));
}

/// Not cached by ETag: what they say varies with the Accept header.
Answer get_pybal_pools(const Question& question) {
    if (question.state.snapshot == nullptr) return not_ready();
    return pybal_pools(question.request, question.target, *question.state.snapshot);
}

Answer get_pybal_alerts(const Question& question) {
    if (question.state.snapshot == nullptr) return not_ready();
    return pybal_alerts(question.request, *question.state.snapshot);
}

MetricsLevel metrics_level(const RequestTarget& target) {
    return target.text("level") == "server" ? MetricsLevel::server : MetricsLevel::service;
}

Answer get_metrics(const Question& question) {
    auto response =
        text_response(200, metrics_text(*question.state.snapshot, metrics_level(question.target)));
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

HttpResponse checks_response(const std::vector<Check>& checks) {
    return json_response(all_ok(checks) ? 200 : 503, checks_json(checks));
}

Answer get_healthz(const Question& question) {
    return checks_response(liveness(question.state.threads, question.state.now));
}

Answer get_readyz(const Question& question) {
    return checks_response(readiness(question.state.snapshot));
}

std::string header(const HttpResponse& response, std::string_view name) {
    const auto found =
        std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
    return found == response.headers.end() ? std::string() : found->second;
}

Answer get_page(const Question& question) {
    const auto& path = question.target.path;
    auto response = page_response(path.empty() ? "index.html" : path.front());
    if (!none_match_holds(question.request.if_none_match, header(response, "ETag")))
        return response;
    response.status = 304;
    response.body = std::make_shared<const std::string>();
    return response;
}

Answer post_command(const Question& question) {
    if (!question.request.caller) {
        return error_response(403, "unix-socket-only",
                              "commands are taken on the Unix socket alone: use vipctl");
    }
    if (!question.state.takes_commands) {
        return error_response(503, "no-commands", "this daemon takes no commands");
    }
    auto command =
        read_command(question.target.path[1], question.request.body, *question.request.caller);
    if (!command) return command_response({Outcome::usage, command.error().text, ""});
    return std::move(*command);
}

/// Reads the host, so the daemon does it; what it reads and finds is for anybody who may read.
Answer get_doctor(const Question& question) {
    if (!question.state.takes_commands) {
        return error_response(503, "no-doctor", "this daemon does not examine its host");
    }
    return Command{Examine{}, question.request.caller.value_or(Caller{}), {}, {}};
}

bool has_server(const ServiceView& service, const std::string& name) {
    return std::ranges::any_of(service.pools, [&](const PoolView& pool) {
        return std::ranges::find(pool.servers, name, &ServerView::name) != pool.servers.end();
    });
}

/// The workers keep what their probes found, so it is asked for, and not cached by ETag.
Answer get_probes(const Question& question) {
    if (question.state.snapshot == nullptr) return not_ready();
    const auto& services = question.state.snapshot->services;
    const auto& name = question.target.path[2];
    const auto& server = question.target.path[4];
    const auto found = services.find(name);
    if (found == services.end()) return no_such_service(name);
    if (!has_server(*found->second, server)) {
        return error_response(404, "no-such-server",
                              fmt::format("service \"{}\" has no server \"{}\"", name, server));
    }
    if (!question.state.takes_commands) {
        return error_response(503, "no-probes", "this daemon runs no probes");
    }
    return Command{ShowProbes{name, server}, question.request.caller.value_or(Caller{}), {}, {}};
}

/// What must be there before a handler may be called.
enum class Needs { nothing, snapshot };

/// What an answer is made from, and what makes it another.
enum class Made {
    at_once,  // needs no snapshot, or is small whatever the site
    from_path,  // the snapshot and the path
    from_detail,  // and whether a summary is asked for
    from_level,  // and the level of metrics
    for_asker,  // and anything else, or what other threads say: see is_dear()
};

struct Route {
    std::string_view method;
    std::string_view path;  // "{}" stands for one segment
    Needs needs;
    Made made;
    Answer (*handler)(const Question&);
};

constexpr std::array routes{
    Route{"GET", "/", Needs::nothing, Made::at_once, get_page},
    Route{"GET", "/page.css", Needs::nothing, Made::at_once, get_page},
    Route{"GET", "/page.js", Needs::nothing, Made::at_once, get_page},
    Route{"GET", "/v1/status", Needs::snapshot, Made::from_detail, get_status},
    Route{"GET", "/v1/services", Needs::snapshot, Made::for_asker, get_services},
    Route{"GET", "/v1/services/{}", Needs::snapshot, Made::at_once, get_service},
    Route{"GET", "/v1/services/{}/servers/{}/probes", Needs::nothing, Made::for_asker, get_probes},
    Route{"GET", "/v1/vips", Needs::snapshot, Made::from_path, get_vips},
    Route{"GET", "/v1/peers", Needs::snapshot, Made::from_path, get_peers},
    Route{"GET", "/v1/names", Needs::snapshot, Made::from_path, get_names},
    Route{"GET", "/v1/alerts", Needs::snapshot, Made::from_path, get_alerts},
    Route{"GET", "/v1/events", Needs::nothing, Made::for_asker, get_events},
    Route{"GET", "/v1/doctor", Needs::nothing, Made::for_asker, get_doctor},
    Route{"POST", "/v1/drain", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/enable", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/disable", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/reset", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/maintenance", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/reload", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/restart", Needs::nothing, Made::at_once, post_command},
    Route{"POST", "/v1/log", Needs::nothing, Made::at_once, post_command},
    Route{"GET", "/metrics", Needs::snapshot, Made::from_level, get_metrics},
    Route{"GET", "/pools", Needs::nothing, Made::for_asker, get_pybal_pools},
    Route{"GET", "/pools/{}", Needs::nothing, Made::at_once, get_pybal_pools},
    Route{"GET", "/pools/{}/{}", Needs::nothing, Made::at_once, get_pybal_pools},
    Route{"GET", "/alerts", Needs::nothing, Made::for_asker, get_pybal_alerts},
    Route{"GET", "/healthz", Needs::nothing, Made::at_once, get_healthz},
    Route{"GET", "/readyz", Needs::nothing, Made::at_once, get_readyz},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
    std::size_t segment = 0;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);  // the slash
        const auto part = pattern.substr(0, pattern.find('/'));
        if (part.empty()) break;
        if (segment == path.size() || (part != "{}" && part != path[segment])) return false;
        ++segment;
        pattern.remove_prefix(part.size());
    }
    return segment == path.size();
}

HttpResponse no_such_path() {
    std::string paths;
    for (const auto& route : routes) {
        paths += ' ';
        paths += route.path;
    }
    return error_response(404, "not-found", "there is no such path; these exist:" + paths);
}

HttpResponse wrong_method(const std::string& allowed) {
    auto response =
        error_response(405, "method-not-allowed", "only " + allowed + " is accepted here");
    response.headers.emplace_back("Allow", allowed);
    return response;
}

/// What the answer may be kept under; empty: it may not.
std::string kept_as(const Route& route, const RequestTarget& target) {
    switch (route.made) {
        case Made::from_path:
            return std::string(route.path);
        case Made::from_detail:
            return fmt::format("{}{}", route.path, target.flag("summary") ? "?summary" : "");
        case Made::from_level:
            return fmt::format("{}{}", route.path,
                               metrics_level(target) == MetricsLevel::server ? "?server" : "");
        case Made::at_once:
        case Made::for_asker:
            return {};
    }
    return {};
}

Answer run_or_recall(const Route& route, const Question& question) {
    const auto name = kept_as(route, question.target);
    if (name.empty() || question.state.kept == nullptr) return route.handler(question);
    auto& kept = *question.state.kept;
    if (const auto known = kept.find(name); known != kept.end()) return known->second;
    auto answer = route.handler(question);
    if (const auto* made = std::get_if<HttpResponse>(&answer)) kept.emplace(name, *made);
    return answer;
}

Answer run(const Route& route, const Question& question) {
    if (route.needs == Needs::nothing) return route.handler(question);
    if (question.state.snapshot == nullptr) return not_ready();
    const auto& etag = question.state.etag;
    const bool known = none_match_holds(question.request.if_none_match, etag);
    auto answer = known ? text_response(304, "") : run_or_recall(route, question);
    auto* response = std::get_if<HttpResponse>(&answer);
    if (response != nullptr && (response->status == 200 || response->status == 304)) {
        response->headers.emplace_back("ETag", etag);
    }
    return answer;
}

const Route* find_route(std::string_view method, const std::vector<std::string>& path) {
    const auto found = std::ranges::find_if(routes, [&](const Route& route) {
        return route.method == method && matches(route.path, path);
    });
    return found == routes.end() ? nullptr : &*found;
}

std::string_view asked_method(const HttpRequest& request) {
    return request.method == "HEAD" ? std::string_view("GET") : request.method;
}

}  // namespace

Answer answer(const HttpRequest& request, const ApiState& state) {
    const auto target = RequestTarget::parse(request.target);
    if (!target) {
        return error_response(400, "bad-target", "the request's path or query cannot be read");
    }
    if (const auto* route = find_route(asked_method(request), target->path))
        return run(*route, {request, *target, state});
    std::string allowed;
    for (const auto& route : routes) {
        if (!matches(route.path, target->path)) continue;
        allowed = route.method == "GET" ? "GET, HEAD" : route.method;
    }
    return allowed.empty() ? no_such_path() : wrong_method(allowed);
}

bool is_dear(const HttpRequest& request) {
    const auto target = RequestTarget::parse(request.target);
    const auto* route = target ? find_route(asked_method(request), target->path) : nullptr;
    return route != nullptr && route->made == Made::for_asker && !wants_stream(request);
}

HttpResponse busy_response() {
    auto response = error_response(503, "busy", "too many lists are asked for at this time");
    response.headers.emplace_back("Retry-After", "5");
    return response;
}

std::vector<std::pair<std::string, std::string>> api_paths() {
    std::vector<std::pair<std::string, std::string>> paths;
    for (const auto& route : routes)
        paths.emplace_back(route.method, route.path);
    return paths;
}

}  // namespace vipd
