#include "monitors/reaper.hpp"

#include <sys/wait.h>

namespace vipd::monitors {

void Reaper::reap() {
    std::erase_if(children_, [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; });
}

}  // namespace vipd::monitors
