// A processor for threads that measure: before everything that is not real time.
#pragma once

namespace blackstart {

// The lab's nodes share the machine with us: a generator that waits for a processor would measure that. Best effort, as it
// takes rights that only root has: without them the send lag shows what it costs. For the calling thread, which gets this name
// (15 characters at most), and only for one that runs for microseconds at a time.
void claim_processor(const char* name);

}  // namespace blackstart
