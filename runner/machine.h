// This machine, as a certificate names it, and what others took of its processors.
//
// Purpose: reads /proc, /etc/machine-id and uname(2). Ownership: plain values. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/certificate.h"

namespace blackstart {

// What can't be read is left empty.
MachineInfo this_machine();

// Since the machine started, in ticks; `all` is 0 where /proc/stat can't be read.
struct ProcessorTime {
  std::uint64_t all = 0, stolen = 0;
};
ProcessorTime processor_time();
// The stolen share between two of them; -1 when it is not known.
double stolen_between(const ProcessorTime& from, const ProcessorTime& to);

// How late a thread of ours wakes up that wants to at each millisecond, for so long: what no generator here can do better.
// Blocks.
std::vector<Duration> timer_lags(Duration length);

}  // namespace blackstart
