#pragma once
// How a thread shares the processors with the others. Needs no privilege; where the kernel does not
// know a wish, or refuses it, things stay as they are.

namespace vipd {

/// The calling thread has little to do, and what it does should not wait for others to come to the
/// end of their turns: it may run at once, in turns of a tenth of a millisecond. Linux 6.12 on.
/// Threads that it starts do not inherit this.
void take_short_turns();

/// The calling thread's work can wait while processors are short. Threads that it starts inherit
/// this.
void work_in_background();

}  // namespace vipd
