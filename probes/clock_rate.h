// How much faster than by its crystal the kernel lets this machine's clock run just now, as whoever keeps it has asked for.
//
// Purpose: a clock that is put right quickly (chrony, after an isolation) runs much faster than drift alone, and the clock of a
// vantage point has to be bounded by that (reports/vantage_clock.h). Ownership: plain values. Thread rule: pure functions; a
// system call that only reads.
#pragma once

struct timex;

namespace blackstart {

// Seconds a second, of the clock that steady_clock reads; greater than 0: it runs faster. From adjtimex(2)'s tick, frequency
// and, where the kernel's own loop is on, what is left of the offset: that goes down by 1 / 2^(2 + constant) of itself each
// second (SHIFT_PLL in linux/timex.h, ntp_offset_chunk() in kernel/time/ntp.c). Not in it: adjtime(3), 500 ppm at most.
double rate_of(const timex& kernel);

// 0 where the kernel doesn't say.
double kernel_clock_rate();

}  // namespace blackstart
