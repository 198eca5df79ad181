// vipctl: the operator's command. Asks the daemon over its Unix socket and shows the answer;
// decides nothing itself.

#include "src/status/client/show.hpp"
#include "src/status/client/socket_client.hpp"
#include "src/status/command.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

namespace {
using namespace vipd;

constexpr Duration read_timeout{10'000};

int exit_code(Outcome outcome) {
    return static_cast<int>(outcome);
}

/// A verb that only looks: where to ask, and how to show the answer.
struct Look {
    const char* verb;
    const char* help;
    const char* target;
    std::string (*show)(const nlohmann::json&, const View&);
};

constexpr std::array looks{
    Look{"status", "Everything at a glance", "/v1/status", show_status},
    Look{"vips", "VIP addresses: what routers are told, and why", "/v1/vips", show_vips},
    Look{"services", "Services: whether each can serve, and why",
         "/v1/services?summary&limit=1000000", show_services},
    Look{"servers", "Servers: health, administrative state and placement, and why",
         "/v1/services?limit=1000000", show_servers},
    Look{"peers", "BGP peers: session states, and why", "/v1/peers", show_peers},
    Look{"alerts", "What needs attention now", "/v1/alerts", show_alerts},
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

int fail(Outcome outcome, const std::string& message) {
    std::cerr << "vipctl: " << message << "\n";
    return exit_code(outcome);
}

/// The daemon's own words for an HTTP error.
std::string error_text(const Reply& reply) {
    const auto body = nlohmann::json::parse(reply.body, nullptr, false);
    if (body.is_object() && body.contains("message")) return body["message"].get<std::string>();
    return "the daemon answered with HTTP status " + std::to_string(reply.status);
}

int look(const SocketClient& client, const Look& what, bool as_json) {
    const auto reply = client.ask("GET", what.target, "", read_timeout);
    if (!reply)
        return fail(reply.error().timed_out ? Outcome::timeout : Outcome::unreachable,
                    reply.error().text);
    if (reply->status != 200) return fail(Outcome::failed, error_text(*reply));
    if (as_json) {
        std::cout << reply->body;
        return 0;
    }
    const auto body = nlohmann::json::parse(reply->body, nullptr, false);
    if (body.is_discarded()) return fail(Outcome::failed, "the daemon's answer is not JSON");
    std::cout << what.show(body, terminal());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Looks at and steers vipd on this host.", "vipctl");
    app.set_version_flag("--version", "vipctl " VIPD_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    std::string socket = "/run/vipd/vipd.sock";
    bool as_json = false;
    app.add_option("--socket", socket, "The daemon's Unix socket")
        ->envname("VIPD_SOCKET")
        ->capture_default_str();
    app.add_flag("--json", as_json, "Print the API's JSON as it is");
    int result = 0;
    for (const auto& what : looks) {
        app.add_subcommand(what.verb, what.help)->callback([&, what] {
            result = look(SocketClient(socket), what, as_json);
        });
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_code(Outcome::usage);
    } catch (const std::exception& error) {
        return fail(Outcome::failed, error.what());
    }
    return result;
}
