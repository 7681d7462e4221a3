// Processes that a lab leaves running on its host, found again without a list of them.
//
// Purpose: a list of process IDs is never whole after a crash, and a pattern over names hits others' processes too. So each
// process is started with a mark in its environment, which stays through exec and passes on to children: whoever bears the
// mark is ours, from the first moment. Ownership: none; the state is the kernel's. Thread rule: calls are independent.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart {

struct LabProcess {
  pid_t pid = 0;
  bool leads = false;                           // its session: it was started by us, not by another of these processes
  bool stopped = false;                         // by SIGSTOP
  std::filesystem::path mark;                   // the file or folder of a lab that it was started for
  std::vector<std::string> words;               // its command line
  bool runs(const std::string& program) const;  // one of the words is `program`: true for the shell that will become it, too
};

// For ProcessOptions::extra_environment.
std::string lab_process_mark(const std::filesystem::path& mark);
// All whose mark is `path` or lies below it. Only root sees other users' processes. One that is not marked but is called
// `ipmi_sim -c FILE` counts as marked with FILE.
std::vector<LabProcess> lab_processes(const std::filesystem::path& path);
// Signals the process if it still is the one that was found, and not another with its ID.
void signal_lab_process(const LabProcess& process, int signal);

// Ends the simulators among the processes of `path` and those that are about to become one, waits until the others (orders to
// nodes) have done their work, and when `patience` is over ends those as well. Returns when none is left; throws
// Error(internal) if one does not go.
void end_lab_processes(const std::filesystem::path& path, Duration patience);

}  // namespace blackstart
