#include "src/base/thread_priority.hpp"

#include <catch2/catch.hpp>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

using namespace vipd;

namespace {

int niceness() {
    return ::getpriority(PRIO_PROCESS, 0);
}

}  // namespace

TEST_CASE("a thread in the background is nicer than before, and no other is") {
    const int before = niceness();
    int there = before;
    std::thread([&there] {
        work_in_background();
        there = niceness();
    }).join();
    CHECK(there > before);
    CHECK(niceness() == before);
}

TEST_CASE("short turns change neither the policy nor how nice a thread is") {
    std::thread([] {
        work_in_background();
        const int before = niceness();
        take_short_turns();
        CHECK(niceness() == before);
        CHECK(::sched_getscheduler(0) == (SCHED_OTHER | SCHED_RESET_ON_FORK));
    }).join();
}
