#pragma once
// What an operator may ask of the daemon, and the answer. Commands come over the Unix socket alone;
// the control thread carries them out.

#include "src/base/log_level.hpp"
#include "src/base/time.hpp"
#include "src/model/admin.hpp"
#include "src/status/http_message.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace vipd {

/// drain, enable, disable, reset: of one server of one service, or of a server in all its services.
struct SetAdmin {
    std::optional<std::string> service;
    std::string server;
    /// Absent: reset, the configuration's state applies again.
    std::optional<Admin> state;
    bool force = false;
    /// When the override ends by itself.
    std::optional<Duration> ttl;

    bool operator==(const SetAdmin&) const = default;
};

/// Planned withdrawal of one VIP, or of all.
struct Maintenance {
    bool on = false;
    std::optional<std::string> vip;
    std::optional<Duration> ttl;

    bool operator==(const Maintenance&) const = default;
};

struct Reload {
    bool allow_shrink = false;

    bool operator==(const Reload&) const = default;
};

/// Hitless: save state, close sessions without NOTIFICATION, exit.
struct Restart {
    bool operator==(const Restart&) const = default;
};

/// How much the log tells, until the next start.
struct SetLogLevel {
    LogLevel level = LogLevel::info;

    bool operator==(const SetLogLevel&) const = default;
};

/// What stands in the way of the services on this host; changes nothing. The result's details are
/// the answer.
struct Examine {
    bool operator==(const Examine&) const = default;
};

/// What the probes of one server of one service found lately; changes nothing. The result's details
/// are the answer.
struct ShowProbes {
    std::string service;
    std::string server;

    bool operator==(const ShowProbes&) const = default;
};

struct Command {
    std::variant<SetAdmin, Maintenance, Reload, Restart, SetLogLevel, Examine, ShowProbes> action;
    Caller caller;
    /// What the operator says of himself and of the cause; for the audit event, at most 256 bytes
    /// each.
    std::string who;
    std::string why;

    bool operator==(const Command&) const = default;
};

/// Somebody only asks: what he is answered is for anybody who may read.
inline bool only_asks(const Command& command) {
    return std::holds_alternative<Examine>(command.action) ||
           std::holds_alternative<ShowProbes>(command.action);
}

/// The values are vipctl's exit codes.
enum class Outcome { done = 0, failed = 1, usage = 2, refused = 3, unreachable = 4, timeout = 5 };

struct CommandResult {
    Outcome outcome = Outcome::done;
    std::string message;  // one sentence
    std::string details;  // JSON; empty: none
};

/// Called on the status thread, must not block: post it on. `reply` may be called once, from any
/// thread, also long after the asker has gone and after the server has been destroyed; what comes
/// later than 60 s is not waited for.
using Commands = std::function<void(Command, std::function<void(CommandResult)> reply)>;

}  // namespace vipd
