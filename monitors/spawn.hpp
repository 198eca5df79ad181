#pragma once
// Starts a script as a process that can do as little as possible: a session of its own, no
// capabilities and none to be gained, none of our descriptors, no terminal, no core files; it dies
// with us.

#include "monitors/socket.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace vipd::monitors {

struct Spawned {
    pid_t process = 0;  // also its process group; 0 when there is none
    Fd ended;  // pidfd: readable when it has ended
    Fd output;  // what it writes to stdout and stderr, non-blocking
    int error = 0;  // errno, when there is no process
};

/// `arguments`: the program's path first. `environment`: "NAME=value". A program that cannot be
/// executed says so in its output and exits with 127.
Spawned spawn_script(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment);

}  // namespace vipd::monitors
