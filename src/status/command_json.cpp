#include "src/status/command_json.hpp"

#include "src/base/json_writer.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

namespace vipd {
namespace {

using nlohmann::json;

constexpr std::size_t longest_text = 256;
constexpr std::uint64_t longest_ttl_seconds = 366ULL * 86400;

/// Ends the reading of one command; does not leave read_command.
struct Unacceptable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Members {
public:
    explicit Members(const std::string& body) {
        object_ = body.empty() ? json::object() : json::parse(body, nullptr, false);
        if (!object_.is_object()) throw Unacceptable("the body must be a JSON object");
    }

    std::optional<std::string> text(const char* name) const {
        const auto* found = find(name);
        if (found == nullptr) return std::nullopt;
        if (!found->is_string()) throw wrong(name, "a string");
        auto content = found->get<std::string>();
        if (content.size() > longest_text) throw wrong(name, "at most 256 bytes");
        return content;
    }

    bool flag(const char* name) const {
        const auto* found = find(name);
        if (found == nullptr) return false;
        if (!found->is_boolean()) throw wrong(name, "true or false");
        return found->get<bool>();
    }

    std::optional<Duration> seconds(const char* name) const {
        const auto* found = find(name);
        if (found == nullptr) return std::nullopt;
        // As unsigned: nlohmann compares a huge unsigned number as a negative one.
        const auto count = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
        if (count == 0 || count > longest_ttl_seconds) {
            throw wrong(name, "a whole number of seconds, from 1 to a year");
        }
        return std::chrono::seconds(count);
    }

    void accept_only(std::initializer_list<std::string_view> names) const {
        for (const auto& [name, value] : object_.items()) {
            if (std::ranges::find(names, name) != names.end()) continue;
            throw Unacceptable(fmt::format("\"{}\" is not known here; known are {}", name,
                                           fmt::join(names, ", ")));
        }
    }

private:
    const json* find(const char* name) const {
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }

    static Unacceptable wrong(const char* name, const char* accepted) {
        return Unacceptable(fmt::format("\"{}\" must be {}", name, accepted));
    }

    json object_;
};

SetAdmin read_set_admin(const Members& members, std::optional<Admin> state) {
    members.accept_only({"service", "server", "force", "ttl_seconds", "who", "why"});
    SetAdmin action;
    action.service = members.text("service");
    const auto server = members.text("server");
    if (!server || server->empty()) throw Unacceptable("\"server\" is required");
    action.server = *server;
    action.state = state;
    action.force = members.flag("force");
    action.ttl = members.seconds("ttl_seconds");
    return action;
}

Maintenance read_maintenance(const Members& members) {
    members.accept_only({"on", "vip", "ttl_seconds", "who", "why"});
    Maintenance action;
    action.on = members.flag("on");
    action.vip = members.text("vip");
    action.ttl = members.seconds("ttl_seconds");
    return action;
}

Reload read_reload(const Members& members) {
    members.accept_only({"allow_shrink", "who", "why"});
    return {members.flag("allow_shrink")};
}

Restart read_restart(const Members& members) {
    members.accept_only({"who", "why"});
    return {};
}

SetLogLevel read_log_level(const Members& members) {
    members.accept_only({"level", "who", "why"});
    const auto name = members.text("level");
    const auto level = parse_log_level(name.value_or(""));
    if (!level) {
        throw Unacceptable(fmt::format("\"level\" must be one of {}", fmt::join(log_levels, ", ")));
    }
    return {*level};
}

decltype(Command::action) read_action(const std::string& verb, const Members& members) {
    if (verb == "drain") return read_set_admin(members, Admin::draining);
    if (verb == "enable") return read_set_admin(members, Admin::enabled);
    if (verb == "disable") return read_set_admin(members, Admin::disabled);
    if (verb == "reset") return read_set_admin(members, std::nullopt);
    if (verb == "maintenance") return read_maintenance(members);
    if (verb == "reload") return read_reload(members);
    if (verb == "restart") return read_restart(members);
    if (verb == "log") return read_log_level(members);
    throw Unacceptable("there is no such verb");
}

struct Shown {
    const char* name;
    unsigned http_status;
};

Shown shown(Outcome outcome) {
    switch (outcome) {
        case Outcome::done:
            return {"done", 200};
        case Outcome::failed:
            return {"failed", 500};
        case Outcome::usage:
            return {"usage", 400};
        case Outcome::refused:
            return {"refused", 409};
        case Outcome::unreachable:
            return {"unreachable", 503};
        case Outcome::timeout:
            return {"timeout", 504};
    }
    return {"failed", 500};
}

}  // namespace

boost::system::result<Command, BadCommand> read_command(const std::string& verb,
                                                        const std::string& body,
                                                        const Caller& caller) {
    try {
        const Members members(body);
        Command command;
        command.action = read_action(verb, members);
        command.caller = caller;
        command.who = members.text("who").value_or("");
        command.why = members.text("why").value_or("");
        return command;
    } catch (const Unacceptable& problem) {
        return BadCommand{problem.what()};
    }
}

HttpResponse command_response(const CommandResult& result) {
    const auto [name, http_status] = shown(result.outcome);
    JsonWriter out;
    out.begin_object();
    out.member("outcome", name);
    out.member("exit_code", static_cast<int>(result.outcome));
    out.member("message", result.message);
    out.key("details");
    out.raw(result.details.empty() ? "null" : result.details);
    out.end_object();
    return json_response(http_status, out.take() + "\n");
}

HttpResponse inquiry_response(const CommandResult& result) {
    if (result.outcome == Outcome::done) return json_response(200, result.details);
    const auto [name, http_status] = shown(result.outcome);
    return error_response(http_status, name, result.message);
}

}  // namespace vipd
