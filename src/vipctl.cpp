// vipctl: the operator's command. Asks the daemon over its Unix socket and shows the answer;
// decides nothing itself.

#include "src/status/client/event_reader.hpp"
#include "src/status/client/json_text.hpp"
#include "src/status/client/show.hpp"
#include "src/status/client/socket_client.hpp"
#include "src/status/client/why.hpp"
#include "src/status/command.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>
#include <thread>

namespace {
using namespace vipd;
using nlohmann::json;

constexpr Duration read_timeout{10'000};
/// Longer than the daemon itself waits for its control thread.
constexpr Duration command_timeout{65'000};
constexpr Duration poll_interval{200};

/// Ends the program with its exit code.
struct Failure : std::runtime_error {
    Failure(Outcome with, const std::string& message)
        : std::runtime_error(message), outcome(with) {}
    Outcome outcome;
};

struct Options {
    std::string socket = "/run/vipd/vipd.sock";
    bool json = false;
    bool watch = false;

    // events
    bool follow = false;
    std::size_t limit = 50;
    std::string code;
    std::string subject;

    // commands
    std::string target;
    bool force = false;
    std::string why;
    std::string who;
    double ttl_seconds = 0;
    bool wait = false;
    double max_seconds = 60;
    std::string on_off;
    std::string vip;
    bool allow_shrink = false;
    std::string level;

    // names
    std::string kind;
};

View terminal() {
    View view;
    view.now = std::chrono::system_clock::now();
    ::winsize size{};
    if (::isatty(STDOUT_FILENO) == 0) return view;
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) view.width = size.ws_col;
    view.colour = std::getenv("NO_COLOR") == nullptr;
    return view;
}

Reply ask(const Options& options, const std::string& method, const std::string& target,
          const std::string& body, Duration timeout) {
    auto reply = SocketClient(options.socket).ask(method, target, body, timeout);
    if (reply) return std::move(*reply);
    throw Failure(reply.error().timed_out ? Outcome::timeout : Outcome::unreachable,
                  reply.error().text);
}

json parse(const Reply& reply) {
    auto body = json::parse(reply.body, nullptr, false);
    if (body.is_discarded()) throw Failure(Outcome::failed, "the daemon's answer is not JSON");
    return body;
}

Reply get(const Options& options, const std::string& target) {
    auto reply = ask(options, "GET", target, "", read_timeout);
    if (reply.status == 200) return reply;
    const auto message = text(parse(reply), "message");
    throw Failure(Outcome::failed,
                  message == "-" ? "HTTP status " + std::to_string(reply.status) : message);
}

/// For a path or query: everything but unreserved characters (RFC 3986 §2.3) is escaped.
std::string escaped(const std::string& plain) {
    constexpr auto digits = "0123456789ABCDEF";
    std::string out;
    for (const char character : plain) {
        const auto byte = static_cast<unsigned char>(character);
        if (std::isalnum(byte) != 0 ||
            std::string_view("-._~").find(character) != std::string_view::npos) {
            out += character;
        } else {
            out += {'%', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return out;
}

// Verbs that look.

struct Look {
    const char* verb;
    const char* help;
    const char* target;
    std::string (*show)(const json&, const View&);
};

constexpr std::array looks{
    Look{"status", "Everything at a glance", "/v1/status", show_status},
    Look{"vips", "VIP addresses: what routers are told, and why", "/v1/vips", show_vips},
    Look{"services", "Services: whether each can serve, and why",
         "/v1/services?summary&limit=1000000", show_services},
    Look{"servers", "Servers: health, administrative state and placement, and why",
         "/v1/services?limit=1000000", show_servers},
    Look{"peers", "BGP peers: session states, and why", "/v1/peers", show_peers},
    Look{"routes", "Routes: which VIP address was written to which peer", "/v1/vips", show_routes},
    Look{"names", "Host names of servers: what they stand for, and since when", "/v1/names",
         show_names},
    Look{"alerts", "What needs attention now", "/v1/alerts", show_alerts},
    Look{"doctor", "What of this host stands in the way of the services, and the remedies",
         "/v1/doctor", show_doctor},
};

void look_once(const Options& options, const Look& what) {
    const auto reply = get(options, what.target);
    std::cout << (options.json ? reply.body : what.show(parse(reply), terminal())) << std::flush;
}

void look(const Options& options, const Look& what) {
    while (options.watch) {
        if (::isatty(STDOUT_FILENO) != 0) std::cout << "\x1b[H\x1b[2J";
        look_once(options, what);
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    look_once(options, what);
}

void print_event(const Options& options, const std::string& line) {
    if (options.json) {
        std::cout << line << std::endl;
    } else {
        const auto event = json::parse(line, nullptr, false);
        std::cout << event_line(event) << std::flush;
    }
}

void events(const Options& options) {
    const auto filter = "code=" + escaped(options.code) + "&subject=" + escaped(options.subject);
    const auto reply =
        get(options, "/v1/events?limit=" + std::to_string(options.limit) + "&" + filter);
    const auto past = parse(reply);
    if (!options.follow) {
        std::cout << (options.json ? reply.body : show_events(past));
        return;
    }
    std::uint64_t last = 0;
    for (const auto& event : at(past, "events")) {
        print_event(options, event.dump());
        last = event.value("id", last);
    }
    EventReader reader;
    const auto end = SocketClient(options.socket)
                         .follow("/v1/events?after=" + std::to_string(last) + "&" + filter,
                                 [&](std::string_view bytes) {
                                     for (const auto& event : reader.feed(bytes)) {
                                         if (!event.id.empty()) print_event(options, event.data);
                                     }
                                 });
    throw Failure(Outcome::unreachable, end.text);
}

json service_of(const Options& options, const std::string& name) {
    return parse(get(options, "/v1/services/" + escaped(name)));
}

json probes_of(const Options& options, const std::string& service, const std::string& server) {
    return parse(get(
        options, "/v1/services/" + escaped(service) + "/servers/" + escaped(server) + "/probes"));
}

/// The services that a subject is about: by name or VIP, else those that have a server of that
/// name.
std::vector<std::string> services_about(const Options& options, const json& status) {
    auto names = services_behind(status, options.target);
    if (!names.empty()) return names;
    const auto listed =
        parse(get(options, "/v1/services?summary&limit=1000000&q=" + escaped(options.target)));
    for (const auto& service : at(listed, "services"))
        names.push_back(text(service, "name"));
    return names;
}

void why(const Options& options) {
    const auto status = parse(get(options, "/v1/status"));
    const auto names = services_about(options, status);
    const bool by_service = services_behind(status, options.target) == names;
    const auto name = parse_server_name(options.target);
    const auto server = name.service.empty() && by_service ? std::string() : name.server;
    std::string out;
    for (const auto& service : names) {
        const auto found = service_of(options, service);
        out += explain(status, found, server, terminal());
        if (server.empty()) continue;
        if (const auto host_name = host_name_of(found, server); !host_name.empty())
            out += explain_name(parse(get(options, "/v1/names")), host_name, terminal());
        if (is_in_a_pool(found, server))
            out += explain_probes(probes_of(options, service, server), terminal());
    }
    out += explain_peer(status, options.target, terminal());
    if (out.empty()) {
        throw Failure(Outcome::failed,
                      "there is no service, VIP, server or peer \"" + options.target + "\"");
    }
    std::cout << out;
}

/// SERVICE/SERVER of all, and each server's name alone.
std::set<std::string> server_names(const Options& options) {
    std::set<std::string> names;
    const auto listed = parse(get(options, "/v1/services?limit=1000000"));
    for (const auto& service : at(listed, "services")) {
        for (const auto& pool : at(service, "pools")) {
            for (const auto& server : at(pool, "servers")) {
                names.insert(text(server, "name"));
                names.insert(text(service, "name") + "/" + text(server, "name"));
            }
        }
    }
    return names;
}

/// One a line, for the shell's completion.
void complete(const Options& options) {
    std::set<std::string> names;
    if (options.kind != "vips") names = server_names(options);
    const auto status = parse(get(options, "/v1/status"));
    std::vector<const char*> parts;
    if (options.kind == "vips") parts = {"vips"};
    if (options.kind == "subjects") parts = {"vips", "services", "peers"};
    for (const auto* part : parts) {
        for (const auto& entry : at(status, part))
            names.insert(text(entry, "name"));
    }
    std::cout << fmt::format("{}\n", fmt::join(names, "\n"));
}

void may_depool(const Options& options) {
    const auto name = parse_server_name(options.target);
    if (name.service.empty()) throw Failure(Outcome::usage, "SERVICE/SERVER is needed");
    const auto service = service_of(options, name.service);
    if (!is_in_a_pool(service, name.server)) {
        throw Failure(Outcome::failed,
                      "service \"" + name.service + "\" has no server \"" + name.server + "\"");
    }
    const auto objection = objection_to_depool(service, name.server);
    if (!objection.empty()) throw Failure(Outcome::refused, objection);
}

// Verbs that change something.

void add_common(const Options& options, json& body) {
    body["who"] = options.who;
    body["why"] = options.why;
    if (options.ttl_seconds > 0)
        body["ttl_seconds"] = static_cast<std::uint64_t>(std::ceil(options.ttl_seconds));
}

void post(const Options& options, const std::string& verb, json body) {
    add_common(options, body);
    const auto reply = ask(options, "POST", "/v1/" + verb, body.dump(), command_timeout);
    const auto answer = parse(reply);
    const auto message = text(answer, "message");
    const auto outcome = answer.value("exit_code", static_cast<int>(Outcome::failed));
    if (options.json) std::cout << reply.body;
    if (outcome != 0) throw Failure(static_cast<Outcome>(outcome), message);
    if (!options.json) std::cout << message << "\n";
}

/// Asks for the server again and again, for as long as --max, until it says nothing more of what it
/// waits for. Throws what it said last.
template <class Waiting>
void await(const Options& options, const ServerName& name, Waiting waiting) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(
                                             static_cast<std::int64_t>(options.max_seconds * 1000));
    const auto target = "/v1/services?limit=1000000&q=" + escaped(name.server);
    for (;;) {
        const std::string still = waiting(parse(get(options, target)));
        if (still.empty()) return;
        if (Clock::now() >= deadline) throw Failure(Outcome::timeout, "accepted, but " + still);
        std::this_thread::sleep_for(poll_interval);
    }
}

/// Until the kernel has acknowledged it everywhere.
void await_settled(const Options& options, const ServerName& name, bool pooled) {
    await(options, name, [&](const json& services) {
        return settled(services, name, pooled) ? "" : "not yet acknowledged by the kernel";
    });
}

/// Until it has left everywhere; says how its connections fall.
void await_drained(const Options& options, const ServerName& name) {
    std::string said;
    await(options, name, [&](const json& services) {
        const auto left = fmt::format("{}", fmt::join(left_on(services, name), "\n"));
        if (!options.json && !left.empty() && left != said) std::cout << left << std::endl;
        said = left;
        return left.empty() ? "" : name.server + " has not left yet";
    });
    if (!options.json) std::cout << name.server << " has left\n";
}

void set_admin(const Options& options, const std::string& verb) {
    const auto name = parse_server_name(options.target);
    json body{{"server", name.server}};
    if (!name.service.empty()) body["service"] = name.service;
    if (options.force) body["force"] = true;
    post(options, verb, std::move(body));
    if (!options.wait) return;
    if (verb == "drain") return await_drained(options, name);
    await_settled(options, name, verb == "enable");
}

void maintenance(const Options& options) {
    json body{{"on", options.on_off == "on"}};
    if (!options.vip.empty()) body["vip"] = options.vip;
    post(options, "maintenance", std::move(body));
}

void reload(const Options& options) {
    post(options, "reload", {{"allow_shrink", options.allow_shrink}});
}

/// Without a level: what it is.
void log_level(const Options& options) {
    if (!options.level.empty()) return post(options, "log", {{"level", options.level}});
    const auto reply = get(options, "/v1/status?summary");
    std::cout << text(parse(reply), "log_level") << "\n";
}

void restart(const Options& options) {
    post(options, "restart", json::object());
}

std::string login_name() {
    for (const auto* variable : {"SUDO_USER", "LOGNAME", "USER"}) {
        if (const char* name = std::getenv(variable)) return name;
    }
    return "";
}

// The command line.

void add_reason(CLI::App* verb, Options& options) {
    verb->add_option("--why", options.why, "The cause, for the audit event");
    verb->add_option("--who", options.who, "Who asks, for the audit event")->capture_default_str();
}

const std::map<std::string, double> time_units{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

void add_ttl(CLI::App* verb, Options& options) {
    verb->add_option("--ttl", options.ttl_seconds, "When it ends by itself: 30m, 2h")
        ->transform(CLI::AsNumberWithUnit(time_units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"))
        ->check(CLI::PositiveNumber);
}

void add_looks(CLI::App& app, Options& options) {
    for (const auto& what : looks) {
        auto* verb = app.add_subcommand(what.verb, what.help);
        verb->add_flag("-w,--watch", options.watch, "Again every second");
        verb->callback([&options, what] { look(options, what); });
    }
    auto* event_verb = app.add_subcommand("events", "What happened, and because of what");
    event_verb->add_flag("-f,--follow", options.follow, "Go on with what happens next");
    event_verb->add_option("-n,--limit", options.limit, "How many of the past")
        ->capture_default_str();
    event_verb->add_option("--code", options.code, "Only events with this code");
    event_verb->add_option("--subject", options.subject, "Only events whose subject contains this");
    event_verb->callback([&options] { events(options); });
    auto* why_verb = app.add_subcommand("why", "The chain from probe to route of one subject");
    why_verb
        ->add_option("SUBJECT", options.target,
                     "Service, SERVICE/SERVER, server, VIP or its address, peer")
        ->required();
    why_verb->callback([&options] { why(options); });
    auto* complete_verb =
        app.add_subcommand("complete", "What there is, for the shell's completion");
    complete_verb->group("");
    complete_verb->add_option("KIND", options.kind)
        ->required()
        ->check(CLI::IsMember({"subjects", "servers", "vips"}));
    complete_verb->callback([&options] { complete(options); });
    auto* may = app.add_subcommand("may-depool",
                                   "Exit 0 if draining the server keeps to the floor, 3 if not");
    may->add_option("SERVICE/SERVER", options.target)->required();
    may->callback([&options] { may_depool(options); });
}

void add_set_admin(CLI::App& app, Options& options, const char* name, const char* help) {
    auto* verb = app.add_subcommand(name, help);
    verb->add_option("SERVER", options.target, "SERVICE/SERVER, or SERVER in all its services")
        ->required();
    add_reason(verb, options);
    if (name != std::string("reset")) {
        verb->add_flag("--force", options.force, "Even below the floor");
        add_ttl(verb, options);
        auto* wait =
            verb->add_flag("--wait", options.wait,
                           name == std::string("drain")
                               ? "Wait until it has left, and show how its connections fall"
                               : "Wait until the kernel has acknowledged it");
        verb->add_option("--max", options.max_seconds, "How long to wait: 10m (default: 1m)")
            ->needs(wait)
            ->transform(
                CLI::AsNumberWithUnit(time_units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"))
            ->check(CLI::PositiveNumber);
    }
    verb->callback([&options, name] { set_admin(options, name); });
}

void add_commands(CLI::App& app, Options& options) {
    add_set_admin(app, options, "drain", "No new connections, the old ones may end");
    add_set_admin(app, options, "enable", "Take part again");
    add_set_admin(app, options, "disable", "Out of the pool at once");
    add_set_admin(app, options, "reset", "Back to what the configuration says");
    auto* maintain = app.add_subcommand("maintenance", "Planned withdrawal of a VIP, or of all");
    maintain->add_option("STATE", options.on_off, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
    maintain->add_option("VIP", options.vip, "Default: all");
    add_reason(maintain, options);
    add_ttl(maintain, options);
    maintain->callback([&options] { maintenance(options); });
    auto* reload_verb = app.add_subcommand("reload", "Read the configuration again");
    reload_verb->add_flag("--allow-shrink", options.allow_shrink, "Even if much of it is gone");
    add_reason(reload_verb, options);
    reload_verb->callback([&options] { reload(options); });
    auto* restart_verb = app.add_subcommand("restart", "Hitless: the supervisor starts vipd again");
    add_reason(restart_verb, options);
    restart_verb->callback([&options] { restart(options); });
    auto* log_verb = app.add_subcommand("log", "How much the log tells, until the next start");
    log_verb->add_option("LEVEL", options.level, "debug, info, warning or error; none: show it")
        ->check(CLI::IsMember(std::vector<std::string>(log_levels.begin(), log_levels.end())));
    add_reason(log_verb, options);
    log_verb->callback([&options] { log_level(options); });
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    options.who = login_name();
    CLI::App app("Looks at and steers vipd on this host.", "vipctl");
    app.set_version_flag("--version", "vipctl " VIPD_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--socket", options.socket, "The daemon's Unix socket")
        ->envname("VIPD_SOCKET")
        ->capture_default_str();
    app.add_flag("--json", options.json, "Print the API's JSON as it is");
    add_looks(app, options);
    add_commands(app, options);
    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::ParseError& error) {
        if (app.get_subcommands().empty() && !app.remaining().empty()) {
            std::cerr << "vipctl: there is no verb \"" << app.remaining().front()
                      << "\"; vipctl --help lists them\n";
            return static_cast<int>(Outcome::usage);
        }
        return app.exit(error) == 0 ? 0 : static_cast<int>(Outcome::usage);
    } catch (const Failure& failure) {
        std::cerr << "vipctl: " << failure.what() << "\n";
        return static_cast<int>(failure.outcome);
    } catch (const std::exception& error) {
        std::cerr << "vipctl: " << error.what() << "\n";
        return static_cast<int>(Outcome::failed);
    }
}
