// How late the lab's machine lets a process wake: what an emulated machine on a busy host does to
// everyone in it, and no fault of theirs. Sleeps 50 ms again and again; writes "TIME LATE"
// (seconds) for each sleep that ended over 150 ms late: more, and vipd doubts its own eyes (a probe
// late by half its timeout, 250 ms here) and waits with its verdicts.
//   lab_stalls >> LOG

#include <chrono>
#include <cstdio>
#include <thread>

int main() {
    using namespace std::chrono;
    constexpr milliseconds nap{50};
    constexpr milliseconds tolerated{150};
    auto due = steady_clock::now() + nap;
    while (true) {
        std::this_thread::sleep_until(due);
        const auto now = steady_clock::now();
        if (now - due > tolerated) {
            const duration<double> wall = system_clock::now().time_since_epoch();
            std::printf("%.3f %.3f\n", wall.count(), duration<double>(now - due).count());
            std::fflush(stdout);
        }
        due = now + nap;
    }
}
