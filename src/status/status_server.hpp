#pragma once
// The status thread: answers HTTP on TCP (reads only) and on the Unix socket (reads, and an
// operator's commands) from immutable snapshots. It holds no lock that anybody else takes, so it
// can delay nobody; all it keeps is bounded.

#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/status/command.hpp"
#include "src/status/readiness.hpp"
#include "src/status/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vipd {

struct StatusOptions {
    std::vector<Endpoint> listen;
    /// Path of the Unix socket; its folder must exist. Empty: none.
    std::string socket;
    /// What /healthz shows of the other threads. Called on the status thread, from start() until
    /// the destructor has returned: what it looks at must live that long. Absent: the status thread
    /// alone.
    std::function<std::vector<ThreadProgress>()> progress;
    /// Large answers that readers on TCP have not taken yet may hold so many bytes; beyond that the
    /// slowest reader is cut off.
    std::size_t most_unread = std::size_t{128} << 20U;
};

class StatusServer {
public:
    /// Binds all sockets. Throws std::system_error that names the address. Without `commands` every
    /// POST is refused.
    StatusServer(StatusOptions options, Commands commands);
    /// Closes all connections, joins the thread, removes the socket's file.
    ~StatusServer();
    StatusServer(const StatusServer&) = delete;
    StatusServer& operator=(const StatusServer&) = delete;

    void start();

    /// From any thread; never waits.
    void publish(std::shared_ptr<const Snapshot> snapshot);
    void publish(Event event);

    /// The addresses listened on, with the port that the system chose where 0 was asked for.
    std::vector<Endpoint> endpoints() const;

    /// From any thread: when the thread last came round its loop, for the watchdog.
    TimePoint last_progress() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace vipd
