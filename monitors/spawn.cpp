#include "monitors/spawn.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace vipd::monitors {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> all;
    for (const auto& string : strings)
        all.push_back(const_cast<char*>(string.c_str()));  // execve(2) does not write
    all.push_back(nullptr);
    return all;
}

// From here to the exec only async-signal-safe calls: we are the only thread of a copy of a process
// with many.

[[noreturn]] void give_up(const char* what) {
    const char* why = ::strerrordesc_np(errno);
    for (const char* text : {"cannot ", what, ": ", why}) {
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
    }
    ::_exit(127);
}

/// With no_new_privs an exec gains nothing, not even as root (capabilities(7)): what is dropped
/// stays dropped.
void drop_capabilities() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("set no_new_privs");
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        give_up("clear ambient capabilities");
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0) give_up("drop capabilities");
}

void reset_signals() {
    for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2})
        ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(char* const* arguments, char* const* environment, int output,
                         pid_t parent) {
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) ::_exit(127);  // it died before it could be noticed
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    drop_capabilities();
    reset_signals();
    if (::chdir("/") != 0) give_up("change to /");
    ::execve(arguments[0], arguments, environment);
    give_up("execute");
}

}  // namespace

Spawned spawn_script(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment) {
    const auto failed = [] {
        return Spawned{.process = 0, .ended = {}, .output = {}, .error = errno};
    };
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed();
    Fd reading(ends[0]);
    const Fd writing(ends[1]);
    ::fcntl(reading.get(), F_SETFL,
            O_NONBLOCK);  // ours alone: the script's end blocks as scripts expect

    const auto argument_pointers = pointers(arguments);
    const auto environment_pointers = pointers(environment);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return failed();
    if (child == 0)
        become(argument_pointers.data(), environment_pointers.data(), writing.get(), parent);

    Fd ended(
        static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));  // glibc 2.36 declares it as C++
    if (!ended) {
        auto result = failed();
        ::kill(child, SIGKILL);
        result.process = child;
        return result;
    }
    return {.process = child, .ended = std::move(ended), .output = std::move(reading), .error = 0};
}

}  // namespace vipd::monitors
