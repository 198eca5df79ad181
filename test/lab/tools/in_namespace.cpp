// Runs a program in a named network namespace, and does nothing else: `ip netns exec` also makes a
// mount namespace with a /sys of its own, which on an emulated machine takes longer than most of
// what is run by it. Linked statically, so that it starts at once.
//   lab_in NAMESPACE PROGRAM [ARGUMENT...]

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: lab_in NAMESPACE PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    const auto file = std::string("/run/netns/") + argv[1];
    const int space = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (space < 0 || ::setns(space, CLONE_NEWNET) != 0) {
        std::perror(file.c_str());
        return 1;
    }
    ::execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    return 127;
}
